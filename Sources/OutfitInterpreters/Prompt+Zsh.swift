extension Prompt {
  static let zsh = #"""
    __outfit_settings() {
      emulate -L zsh
      typeset -ga __outfit_sym
      local __o_symbols=${OUTFIT_PROMPT_SYMBOLS-} __o_locale=${LC_ALL:-${LC_CTYPE:-${LANG-}}}
      if [[ -z $__o_symbols ]]; then
        __o_symbols=unicode
        [[ $__o_locale == *[Uu][Tt][Ff]* && ${TERM-} != linux && ${TERM-dumb} != dumb ]] || __o_symbols=plain
      fi
      case $__o_symbols in
        nerd) __outfit_sym=($'\xee\x82\xa0 ' $'\xee\x9c\xbc ' $'\xee\x9c\x98 ' '❯' '✗' '⇡' '⇣' '≡' '…') ;;
        unicode) __outfit_sym=('' '' '⬢ ' '❯' '✗' '⇡' '⇣' '≡' '…') ;;
        *) __outfit_sym=('' '' 'node ' '%#' 'x' '^' 'v' '=' '~') ;;
      esac
    }

    # The branch, as far as there is room for it.
    __outfit_branch() {
      emulate -L zsh
      local __o_room=$((COLUMNS / 3)) __o_branch=$1
      (( __o_room > 12 )) || __o_room=12
      (( $#__o_branch <= __o_room )) || __o_branch=$__o_branch[1,__o_room-1]$__outfit_sym[9]
      typeset -g __outfit_git_text=$__outfit_sym[1]$__o_branch
    }

    # Asks for the state of the repository; the prompt is drawn again when the answer is there.
    __outfit_git() {
      emulate -L zsh
      local __o_folder=$PWD
      while [[ -n $__o_folder && ! -e $__o_folder/.git ]]; do __o_folder=${__o_folder%/*}; done
      if [[ -z $__o_folder || ! -x $__outfit_shim ]]; then
        typeset -g __outfit_git_text= __outfit_git_top=
        return 0
      fi
      if [[ $__o_folder != ${__outfit_git_top-} ]]; then
        typeset -g __outfit_git_top=$__o_folder __outfit_git_text=
        local __o_head=
        # The branch alone can be read at once.
        if [[ -f $__o_folder/.git/HEAD && -r $__o_folder/.git/HEAD ]]; then
          sysread -s 300 __o_head <$__o_folder/.git/HEAD
          __o_head=${${__o_head%%$'\n'*}#ref: refs/heads/}
          [[ $__o_head != *[^[:alnum:]._/@+-]* ]] && __outfit_branch $__o_head
        fi
      elif [[ -n ${__outfit_git_fd-} ]]; then
        # One question at a time; this one is asked when the last is answered.
        typeset -g __outfit_git_again=1
        return 0
      fi
      if [[ -n ${__outfit_git_fd-} ]]; then
        zle -F $__outfit_git_fd 2>/dev/null
        exec {__outfit_git_fd}<&-
      fi
      typeset -g __outfit_git_again= __outfit_git_asked=$__o_folder
      if ! exec {__outfit_git_fd}< <("$__outfit_shim" git-state 2>/dev/null </dev/null); then
        unset __outfit_git_fd
        return 0
      fi
      zle -F $__outfit_git_fd __outfit_git_answer
    }

    __outfit_git_answer() {
      emulate -L zsh
      local -a __o_f
      local __o_line __o_text __o_before=$__outfit_git_text
      IFS= read -r __o_line <&$1
      zle -F $1
      exec {1}<&-
      unset __outfit_git_fd
      [[ $__outfit_git_asked == $__outfit_git_top ]] || return 0
      __o_f=("${(@ps:\t:)__o_line}")
      if (( $#__o_f >= 10 )); then
        __outfit_branch $__o_f[1]
        __o_text=$__outfit_git_text
        (( __o_f[2] )) && __o_text+=" $__outfit_sym[6]$__o_f[2]"
        (( __o_f[3] )) && __o_text+=" $__outfit_sym[7]$__o_f[3]"
        (( __o_f[4] )) && __o_text+=" +$__o_f[4]"
        (( __o_f[5] )) && __o_text+=" *$__o_f[5]"
        (( __o_f[6] )) && __o_text+=" ?$__o_f[6]"
        (( __o_f[7] )) && __o_text+=" !$__o_f[7]"
        (( __o_f[8] )) && __o_text+=" $__outfit_sym[8]$__o_f[8]"
        [[ $__o_f[9] == - ]] || __o_text+=" ($__o_f[9])"
      fi
      typeset -g __outfit_git_text=$__o_text
      if [[ $__o_text != $__o_before ]]; then
        __outfit_compose
        zle && zle reset-prompt
      fi
      [[ -n $__outfit_git_again ]] && __outfit_git
      return 0
    }

    # Adds a piece: its colour and its text. PROMPT only names the text, so that nothing in it is expanded.
    __outfit_piece() {
      emulate -L zsh
      [[ -n $2 ]] || return 0
      # Names, since what numbers mean is an option of the user's.
      local __o_name=p$#__outfit_texts
      __outfit_texts[$__o_name]=${2//\%/%%}
      (( __outfit_length += $#2 + 1 ))
      local __o_text='${__outfit_texts['$__o_name']}'
      if [[ -n $__outfit_plain || $1 == none ]]; then __outfit_ps1+="$__o_text "
      else __outfit_ps1+="%F{$1}$__o_text%f "
      fi
    }

    __outfit_compose() {
      emulate -L zsh
      local __o_piece __o_text __o_spent=${__outfit_spent:-0} IFS=$' \t\n'
      typeset -gA __outfit_texts
      typeset -g __outfit_ps1= __outfit_length=0 __outfit_plain=
      __outfit_texts=()
      if [[ -n ${NO_COLOR-} || ${TERM-dumb} == dumb ]]; then __outfit_plain=1; fi
      for __o_piece in ${=OUTFIT_PROMPT_PIECES-host folder git project duration status}; do
        case $__o_piece in
          host)
            [[ -z ${SSH_CONNECTION-} && $EUID != 0 ]] && continue
            (( COLUMNS >= 50 )) || continue
            (( __outfit_length += 12 ))
            [[ -n $__outfit_plain ]] && __outfit_ps1+='%n@%m ' || __outfit_ps1+='%F{magenta}%n@%m%f ' ;;
          folder)
            __o_text=$PWD
            [[ $__o_text == ${HOME%/}(|/*) ]] && __o_text="~${__o_text#${HOME%/}}"
            if (( $#__o_text > COLUMNS / 2 )); then
              if (( COLUMNS < 50 )); then __o_text=${__o_text:t}
              else __o_text=$__outfit_sym[9]/${__o_text:h:t}/${__o_text:t}
              fi
              if (( $#__o_text > COLUMNS / 2 )); then
                __o_text=$__outfit_sym[9]$__o_text[$#__o_text-COLUMNS/2+2,-1]
              fi
            fi
            __outfit_piece cyan "${__o_text//[[:cntrl:]]/?}" ;;
          git) __outfit_piece yellow "$__outfit_git_text" ;;
          project)
            __o_text=${__outfit_label:-$__outfit_project}
            if [[ -n ${VIRTUAL_ENV-} && $VIRTUAL_ENV != $__outfit_venv ]]; then
              __o_text=${VIRTUAL_ENV:t}
              __o_text=${__o_text//[^[:alnum:]._+@ -]/_}
            fi
            if (( COLUMNS >= 50 )); then
              [[ -z $__outfit_python ]] || __o_text+="${__o_text:+ }$__outfit_sym[2]$__outfit_python"
              [[ -z $__outfit_node ]] || __o_text+="${__o_text:+ }$__outfit_sym[3]$__outfit_node"
            fi
            __outfit_piece green "$__o_text" ;;
          duration)
            __o_text=${OUTFIT_PROMPT_SLOW:-2}
            [[ $__o_text == (<->(|.(|<->))|.<->) ]] || __o_text=2
            (( __o_spent >= __o_text * 1000 )) || continue
            if (( __o_spent >= 3600000 )); then
              printf -v __o_text '%dh%02dm' $((__o_spent / 3600000)) $((__o_spent / 60000 % 60))
            elif (( __o_spent >= 60000 )); then
              printf -v __o_text '%dm%02ds' $((__o_spent / 60000)) $((__o_spent / 1000 % 60))
            else printf -v __o_text '%d.%ds' $((__o_spent / 1000)) $((__o_spent / 100 % 10))
            fi
            __outfit_piece none "$__o_text" ;;
          status)
            if [[ -n $__outfit_plain ]]; then __outfit_ps1+="%(?..$__outfit_sym[5]%? )"
            else __outfit_ps1+="%(?..%F{red}$__outfit_sym[5]%?%f )"
            fi ;;
          clock)
            __outfit_ps1+='%T '
            (( __outfit_length += 6 )) ;;
        esac
      done
      __o_text=$__outfit_sym[4]
      [[ $EUID != 0 ]] || __o_text='#'
      # A line of its own for what is typed, when little room is left for it.
      (( __outfit_length > COLUMNS * 2 / 3 )) && __outfit_ps1+=$'\n'
      if [[ -n $__outfit_plain ]]; then __outfit_ps1+="$__o_text "
      else __outfit_ps1+="%(?.%F{green}.%F{red})$__o_text%f "
      fi
      PROMPT=$__outfit_ps1
    }

    __outfit_preexec() { typeset -g __outfit_begun=$EPOCHREALTIME }

    __outfit_draw() {
      emulate -L zsh
      typeset -g __outfit_spent=0
      if [[ -n ${__outfit_begun-} ]]; then
        __outfit_spent=$(( int((EPOCHREALTIME - __outfit_begun) * 1000) ))
        unset __outfit_begun
      fi
      if [[ ${OUTFIT_PROMPT-} == 0 ]]; then
        [[ $PROMPT != ${__outfit_ps1-} ]] || PROMPT=$__outfit_own_prompt
        return 0
      fi
      __outfit_settings
      [[ " ${OUTFIT_PROMPT_PIECES-git} " == *' git '* ]] && __outfit_git
      __outfit_compose
    }

    if [[ -o interactive && -z ${__outfit_draws-} && ${OUTFIT_PROMPT-} != 0 ]]; then
      # A prompt of the user's own stays: only zsh's own and those that systems ship are replaced.
      if [[ -n $__outfit_always || ${PS1-} == ('%m%# '|'%n@%m %1~ %# '|'') ]]; then
        typeset -g __outfit_own_prompt=${PS1-} __outfit_draws=1 __outfit_git_text= __outfit_git_top=
        zmodload zsh/datetime zsh/mathfunc zsh/system
        add-zsh-hook preexec __outfit_preexec
        add-zsh-hook precmd __outfit_draw
      fi
    fi
    unset __outfit_always

    """#
}
