extension ShellInit {
  static let fish = #"""
    set --global __outfit_folder
    if not set --query __outfit_active; or test -z "$__outfit_active"
        for __o_name in active venv label project python node names kept given
            set --global __outfit_$__o_name
        end
        set --erase __o_name
    end

    # Sets and exports a variable, and keeps what it was: unset (u), a shell variable (s) or exported (x). Lists are
    # kept beside, and a universal variable stays beneath. What fish keeps to itself stays alone.
    function __outfit_set
        set --local __o_kept u
        if set --query --global $argv[1]
            set --local __o_list $$argv[1]
            set --global __outfit_was_$argv[1] $__o_list
            set __o_kept "s$__o_list"
            set --query --export $argv[1]; and set __o_kept "x$__o_list"
        end
        test "$argv[1]" != umask; and set --global --export $argv[1] "$argv[2]" 2>/dev/null
        or begin
            set --erase --global __outfit_was_$argv[1]
            set --global --append __outfit_refused $argv[1]
            return 0
        end
        set --append __outfit_names $argv[1]
        set --append __outfit_kept "$__o_kept"
        set --append __outfit_given "$argv[2]"
    end

    # Takes a folder out of a list, where it stands first.
    function __outfit_without
        if set --local __o_index (contains --index -- "$argv[1]" $$argv[2])
            set --erase $argv[2]"[$__o_index]"
        end
    end

    # Puts the environment's name before whatever prompt there is.
    function __outfit_mark
        set --query VIRTUAL_ENV_DISABLE_PROMPT; and return 0
        test -n "$__outfit_draws"; and return 0
        functions --query fish_prompt; or return 0
        functions --query __outfit_old_prompt; and return 0
        functions --copy fish_prompt __outfit_old_prompt
        function fish_prompt
            set --local __o_status $status
            printf '(%s) ' "$__outfit_label"
            __outfit_status $__o_status
            __outfit_old_prompt
        end
    end

    function __outfit_status
        return $argv[1]
    end

    # What a shell that is started from this one must know to leave as this one would.
    function __outfit_export
        if test -z "$__outfit_names$__outfit_venv"
            set --erase --global OUTFIT_SHELL
            return 0
        end
        set --local __o_all "$__outfit_active" "$__outfit_venv" "$__outfit_label"
        set --local __o_index 0
        for __o_name in $__outfit_names
            set __o_index (math $__o_index + 1)
            string match --quiet -- "*"\x1f"*" "$__outfit_kept[$__o_index]$__outfit_given[$__o_index]"; and continue
            set --append __o_all $__o_name "$__outfit_kept[$__o_index]" "$__outfit_given[$__o_index]"
        end
        set --global --export OUTFIT_SHELL (string join \x1f -- $__o_all | string collect)
    end

    function __outfit_import
        # A value may have several lines.
        set --local __o_all
        set --local __o_rest "$OUTFIT_SHELL"
        while string match --quiet -- "*"\x1f"*" "$__o_rest"
            set --local __o_piece (string replace --regex '(?s)\x1f.*' '' -- "$__o_rest" | string collect)
            set --append __o_all "$__o_piece"
            set __o_rest (string replace --regex '(?s)^[^\x1f]*\x1f' '' -- "$__o_rest" | string collect)
        end
        set --append __o_all "$__o_rest"
        test (count $__o_all) -ge 3; or return 0
        set --global __outfit_active "$__o_all[1]"
        set --local __o_rows $__o_all[4..]
        while test (count $__o_rows) -ge 3
            if string match --quiet --regex '^[A-Za-z_][A-Za-z0-9_]*$' -- "$__o_rows[1]"
                set --append __outfit_names $__o_rows[1]
                set --append __outfit_kept "$__o_rows[2]"
                set --append __outfit_given "$__o_rows[3]"
            end
            set __o_rows $__o_rows[4..]
        end
        set --global __outfit_venv "$__o_all[2]"
        set --global __outfit_label "$__o_all[3]"
        if test -n "$__outfit_venv"; and test "$VIRTUAL_ENV" = "$__outfit_venv"
            __outfit_without "$__outfit_venv/bin" PATH
            set --global --export PATH "$__outfit_venv/bin" $PATH
            __outfit_mark
            __outfit_deactivate
        end
        # So that the prompt's pieces come again.
        set --global __outfit_active "$__outfit_active+"
    end

    function __outfit_deactivate
        functions --query deactivate; and return 0
        function deactivate --description 'Leave the environment that Outfit activated'
            set --local __o_active "$__outfit_active"
            __outfit_leave
            set --global __outfit_active "$__o_active"
        end
        set --global __outfit_deactivates 1
    end

    function __outfit_enter
        set --global __outfit_active $argv[1]
        set --global __outfit_project $argv[4]
        set --global __outfit_python $argv[5]
        set --global __outfit_node $argv[6]
        if test -n "$argv[2]"; and test -d "$argv[2]/bin"; and test -z "$VIRTUAL_ENV"
            set --global __outfit_venv "$argv[2]"
            set --global __outfit_label "$argv[3]"
            __outfit_set VIRTUAL_ENV "$argv[2]"
            __outfit_set VIRTUAL_ENV_PROMPT "$argv[3]"
            set --global --export PATH "$argv[2]/bin" $PATH
            __outfit_mark
            __outfit_deactivate
        end
        set --local __o_rows $argv[7..]
        while test (count $__o_rows) -ge 2
            __outfit_set $__o_rows[1] "$__o_rows[2]"
            set __o_rows $__o_rows[3..]
        end
        __outfit_export
        test -z "$__outfit_refused"; or printf "$__outfit_kept_alone\n" "$__outfit_refused" >&2
        set --erase --global __outfit_refused
    end

    # What was changed by hand in between stays as it is.
    function __outfit_leave
        # An environment's own `activate` was run meanwhile: that one stays, and its `deactivate` must not bring this
        # one back.
        set --local __o_own
        test -n "$__outfit_venv"; and test -n "$_OLD_VIRTUAL_PATH"; and set __o_own VIRTUAL_ENV VIRTUAL_ENV_PROMPT
        set --local __o_index (math (count $__outfit_names) + 1)
        for __o_name in $__outfit_names[-1..1]
            set __o_index (math $__o_index - 1)
            set --local __o_kept "$__outfit_kept[$__o_index]"
            set --local __o_was __outfit_was_$__o_name
            set --local __o_list $$__o_was
            set --query $__o_was; and set --local __o_is_list
            set --erase --global $__o_was
            set --query --global $__o_name; and test "$$__o_name" = "$__outfit_given[$__o_index]"; or continue
            contains -- $__o_name $__o_own; and continue
            set --erase --global $__o_name
            if set --query __o_is_list
                string match --quiet 'x*' -- "$__o_kept"; and set --global --export $__o_name $__o_list
                string match --quiet 's*' -- "$__o_kept"; and set --global --unexport $__o_name $__o_list
                continue
            end
            # A shell before this one had it.
            set --local __o_value (string sub --start 2 -- "$__o_kept" | string collect)
            switch "$__o_kept"
                case 'x*'
                    set --global --export $__o_name "$__o_value"
                case 's*'
                    set --global --unexport $__o_name "$__o_value"
            end
        end
        if test -n "$__outfit_venv"
            __outfit_without "$__outfit_venv/bin" PATH
            test -n "$__o_own"; and __outfit_without "$__outfit_venv/bin" _OLD_VIRTUAL_PATH
            if functions --query __outfit_old_prompt
                # The second is where the `activate` of others puts the prompt that it finds.
                for __o_name in fish_prompt _old_fish_prompt
                    functions $__o_name 2>/dev/null | string match --quiet '*__outfit_old_prompt*'; or continue
                    functions --erase $__o_name
                    functions --copy __outfit_old_prompt $__o_name
                end
                functions --erase __outfit_old_prompt
            end
            if test -n "$__outfit_deactivates"
                # Another environment that was activated meanwhile has a `deactivate` of its own.
                functions deactivate 2>/dev/null | string match --quiet '*__outfit_leave*'
                and functions --erase deactivate
                set --erase --global __outfit_deactivates
            end
        end
        for __o_name in active venv label project python node names kept given
            set --global __outfit_$__o_name
        end
        set --erase --global OUTFIT_SHELL
        return 0
    end

    # direnv puts PATH back as it found it, so it comes first: what is taken out of PATH after that stays out.
    function __outfit_direnv
        functions --query __direnv_export_eval; or return 0
        __direnv_export_eval
        test -n "$__outfit_venv"; and not contains -- "$__outfit_venv/bin" $__outfit_past
        and set --global --append __outfit_past "$__outfit_venv/bin"
        for __o_past in $__outfit_past
            test "$__o_past" = "$__outfit_venv/bin"; or __outfit_without "$__o_past" PATH
        end
    end

    function __outfit_hook --on-event fish_prompt --on-variable PWD
        if test "$PWD:$OUTFIT_PYTHON:$OUTFIT_NODE:$PYENV_VERSION" != "$__outfit_folder"
            __outfit_direnv
            set --global __outfit_folder "$PWD:$OUTFIT_PYTHON:$OUTFIT_NODE:$PYENV_VERSION"
            if test -x "$__outfit_shim"
                "$__outfit_shim" activation fish "$__outfit_active" 2>/dev/null | source
            else if test -n "$__outfit_active"
                __outfit_leave
            end
        end
    end

    # What outfit itself did may change what belongs here.
    function outfit --description 'Sets up a developer\'s machine, and what that developer ships'
        command outfit $argv
        set --local __o_result $status
        set --global __outfit_folder
        return $__o_result
    end

    if set --query OUTFIT_SHELL; and test -z "$__outfit_active"
        __outfit_import
    end

    # Completions are read at the first Tab, from the program itself.
    if status is-interactive
        function __outfit_complete
            complete --erase --command outfit
            command outfit --generate-completion-script fish 2>/dev/null | source
            complete --do-complete (commandline --cut-at-cursor --current-process | string collect)
        end
        complete --command outfit --no-files --arguments '(__outfit_complete)'

        # Those that tools bring come after the user's own, and before fish's.
        set --local __o_folder "$__outfit_share/fish/vendor_completions.d"
        if not contains -- "$__o_folder" $fish_complete_path
            set --global fish_complete_path $fish_complete_path[1] "$__o_folder" $fish_complete_path[2..]
        end
    end

    """#
}
