extension Prompt {
  static let fish = #"""
    function __outfit_settings
        set --local __o_symbols "$OUTFIT_PROMPT_SYMBOLS"
        if test -z "$__o_symbols"
            set __o_symbols plain
            if string match --quiet --ignore-case '*utf*' -- "$LC_ALL$LC_CTYPE$LANG"
                contains -- "$TERM" linux dumb ''; or set __o_symbols unicode
            end
        end
        switch $__o_symbols
            case nerd
                set --global __outfit_sym \ue0a0' ' \ue73c' ' \ue718' ' ❯ ✗ ⇡ ⇣ ≡ …
            case unicode
                set --global __outfit_sym '' '' '⬢ ' ❯ ✗ ⇡ ⇣ ≡ …
            case '*'
                set --global __outfit_sym '' '' 'node ' '>' x ^ v = '~'
        end
    end

    # The state of the repository: asked of git with a budget, and waited for this many milliseconds.
    function __outfit_git --on-event fish_prompt
        set --global __outfit_git_text
        set --query OUTFIT_PROMPT_PIECES; and not contains git (string split ' ' -- "$OUTFIT_PROMPT_PIECES"); and return 0
        set --local __o_folder "$PWD"
        while test -n "$__o_folder"; and not test -e "$__o_folder/.git"
            set __o_folder (string replace --regex '/[^/]*$' '' -- "$__o_folder" | string collect)
        end
        test -n "$__o_folder"; and test -x "$__outfit_shim"; or return 0
        __outfit_settings
        set --local __o_wait 25
        set --query OUTFIT_PROMPT_GIT_WAIT; and set __o_wait $OUTFIT_PROMPT_GIT_WAIT
        set --local __o_f (string split \t -- ("$__outfit_shim" git-state $__o_wait 2>/dev/null))
        test (count $__o_f) -ge 10; or return 0
        set --local __o_room 26
        test -n "$COLUMNS"; and set __o_room (math "max(12, floor($COLUMNS / 3))")
        if test (string length -- "$__o_f[1]") -gt $__o_room
            set __o_f[1] (string sub --length (math $__o_room - 1) -- "$__o_f[1]")"$__outfit_sym[9]"
        end
        set --local __o_text "$__outfit_sym[1]$__o_f[1]"
        test $__o_f[2] = 0; or set __o_text "$__o_text $__outfit_sym[6]$__o_f[2]"
        test $__o_f[3] = 0; or set __o_text "$__o_text $__outfit_sym[7]$__o_f[3]"
        test $__o_f[4] = 0; or set __o_text "$__o_text +$__o_f[4]"
        test $__o_f[5] = 0; or set __o_text "$__o_text *$__o_f[5]"
        test $__o_f[6] = 0; or set __o_text "$__o_text ?$__o_f[6]"
        test $__o_f[7] = 0; or set __o_text "$__o_text !$__o_f[7]"
        test $__o_f[8] = 0; or set __o_text "$__o_text $__outfit_sym[8]$__o_f[8]"
        test $__o_f[9] = -; or set __o_text "$__o_text ($__o_f[9])"
        test $__o_f[10] = old; and set __o_text "$__o_text $__outfit_sym[9]"
        set --global __outfit_git_text "$__o_text"
        return 0
    end

    function __outfit_piece
        test -n "$argv[2]"; or return 0
        set --global __outfit_length (math $__outfit_length + (string length -- "$argv[2]") + 1)
        if test -n "$__outfit_plain"; or test "$argv[1]" = none
            set --append __outfit_texts "$argv[2] "
        else
            set --append __outfit_texts (set_color $argv[1])"$argv[2]"(set_color normal)' '
        end
    end

    function __outfit_draw
        set --local __o_status $argv[1]
        set --local __o_spent "$CMD_DURATION"
        test -n "$__o_spent"; or set __o_spent 0
        set --local __o_width 80
        test -n "$COLUMNS"; and set __o_width $COLUMNS
        set --global __outfit_plain
        set --global __outfit_texts
        set --global __outfit_length 0
        if set --query NO_COLOR; and test -n "$NO_COLOR"; or contains -- "$TERM" dumb ''
            set --global __outfit_plain 1
        end
        __outfit_settings
        set --local __o_pieces host folder git project duration status
        set --query OUTFIT_PROMPT_PIECES; and set __o_pieces (string split --no-empty ' ' -- "$OUTFIT_PROMPT_PIECES")
        for __o_piece in $__o_pieces
            set --local __o_text
            switch $__o_piece
                case host
                    if test $__o_width -ge 50; and begin; set --query SSH_CONNECTION; or fish_is_root_user; end
                        __outfit_piece magenta "$USER@"(string replace --regex '\..*' '' -- "$hostname")
                    end
                case folder
                    set __o_text "$PWD"
                    if test "$__o_text" = "$HOME"; or string match --quiet -- "$HOME/*" "$__o_text"
                        set __o_text '~'(string sub --start (math (string length -- "$HOME") + 1) -- "$__o_text" | string collect)
                    end
                    set __o_text (string replace --all --regex '[[:cntrl:]]' '?' -- "$__o_text" | string collect)
                    if test (string length -- "$__o_text") -gt (math --scale 0 $__o_width / 2)
                        set --local __o_names (string split / -- "$__o_text")
                        if test $__o_width -lt 50
                            set __o_text $__o_names[-1]
                        else
                            set __o_text "$__outfit_sym[9]/$__o_names[-2]/$__o_names[-1]"
                        end
                        set --local __o_half (math --scale 0 $__o_width / 2)
                        if test (string length -- "$__o_text") -gt $__o_half
                            set __o_text "$__outfit_sym[9]"(string sub --start (math 1 - $__o_half) -- "$__o_text")
                        end
                    end
                    __outfit_piece cyan "$__o_text"
                case git
                    __outfit_piece yellow "$__outfit_git_text"
                case project
                    set __o_text "$__outfit_label"
                    test -n "$__o_text"; or set __o_text "$__outfit_project"
                    if set --query VIRTUAL_ENV; and test "$VIRTUAL_ENV" != "$__outfit_venv"
                        set __o_text (string replace --regex '.*/' '' -- "$VIRTUAL_ENV" | string replace --all --regex '[[:cntrl:]]' '?')
                    end
                    if test $__o_width -ge 50
                        test -z "$__outfit_python"; or set __o_text "$__o_text $__outfit_sym[2]$__outfit_python"
                        test -z "$__outfit_node"; or set __o_text "$__o_text $__outfit_sym[3]$__outfit_node"
                    end
                    __outfit_piece green (string trim -- "$__o_text")
                case duration
                    set --local __o_slow 2
                    string match --quiet --regex '^([0-9]+\.?[0-9]*|\.[0-9]+)$' -- "$OUTFIT_PROMPT_SLOW"; and set __o_slow $OUTFIT_PROMPT_SLOW
                    test $__o_spent -ge (math "$__o_slow * 1000"); or continue
                    set --local __o_seconds (math --scale 0 "$__o_spent / 1000")
                    if test $__o_seconds -ge 3600
                        set __o_text (printf '%dh%02dm' (math --scale 0 "$__o_seconds / 3600") (math --scale 0 "$__o_seconds / 60 % 60"))
                    else if test $__o_seconds -ge 60
                        set __o_text (printf '%dm%02ds' (math --scale 0 "$__o_seconds / 60") (math "$__o_seconds % 60"))
                    else
                        set __o_text (printf '%d.%ds' $__o_seconds (math --scale 0 "$__o_spent % 1000 / 100"))
                    end
                    __outfit_piece none "$__o_text"
                case status
                    test $__o_status = 0; or __outfit_piece red "$__outfit_sym[5]$__o_status"
                case clock
                    # fish has no clock of its own: this piece starts `date`.
                    __outfit_piece none (command date +%H:%M)
            end
        end
        printf '%s' $__outfit_texts
        test $__outfit_length -gt (math --scale 0 "$__o_width * 2 / 3"); and printf '\n'
        set --local __o_sign "$__outfit_sym[4]"
        fish_is_root_user; and set __o_sign '#'
        if test -z "$__outfit_plain"
            test $__o_status = 0; and set_color green; or set_color red
        end
        printf '%s' "$__o_sign"
        test -n "$__outfit_plain"; or set_color normal
        printf ' '
    end

    if status is-interactive; and test -z "$__outfit_draws"; and test "$OUTFIT_PROMPT" != 0
        set --global __outfit_wanted "$__outfit_always"
        # A prompt of the user's own stays: only fish's own is replaced.
        if not functions --query fish_prompt
            set --global __outfit_wanted 1
        else if string match --quiet -- "$__fish_data_dir/*" (functions --details fish_prompt)
            set --global __outfit_wanted 1
        end
        if test -n "$__outfit_wanted"
            set --global __outfit_draws 1
            functions --query fish_prompt; and functions --copy fish_prompt __outfit_own_prompt
            function fish_prompt --description 'The prompt of Outfit'
                set --local __o_status $status
                if test "$OUTFIT_PROMPT" = 0; and functions --query __outfit_own_prompt
                    __outfit_status $__o_status
                    __outfit_own_prompt
                else
                    __outfit_draw $__o_status
                end
            end
        end
        set --erase --global __outfit_wanted
    end
    set --erase --global __outfit_always

    """#
}
