extension Prompt {
  static let bash = #"""
    __outfit_settings() {
      __outfit_pieces=${OUTFIT_PROMPT_PIECES-host folder git project duration status}
      local __o_locale=${LC_ALL:-${LC_CTYPE:-${LANG-}}} __o_symbols=${OUTFIT_PROMPT_SYMBOLS-}
      if [[ -z $__o_symbols ]]; then
        __o_symbols=unicode
        [[ $__o_locale == *[Uu][Tt][Ff]* && ${TERM-} != linux && ${TERM-dumb} != dumb ]] || __o_symbols=plain
      fi
      case $__o_symbols in
        nerd) __outfit_sym=($'\xee\x82\xa0 ' $'\xee\x9c\xbc ' $'\xee\x9c\x98 ' '❯' '✗' '⇡' '⇣' '≡' '…') ;;
        unicode) __outfit_sym=('' '' '⬢ ' '❯' '✗' '⇡' '⇣' '≡' '…') ;;
        *) __outfit_sym=('' '' 'node ' '$' 'x' '^' 'v' '=' '~') ;;
      esac
    }

    # The state of the repository: asked of git with a budget, and waited for this many milliseconds.
    __outfit_git() {
      local __o_folder=$PWD __o_line
      __outfit_git_text=
      while [[ -n $__o_folder && ! -e $__o_folder/.git ]]; do __o_folder=${__o_folder%/*}; done
      [[ -n $__o_folder && -x $__outfit_shim ]] || return 0
      __o_line=$("$__outfit_shim" git-state "${OUTFIT_PROMPT_GIT_WAIT:-25}" 2>/dev/null)
      [[ -n $__o_line ]] || return 0
      local __o_branch __o_ahead __o_behind __o_staged __o_changed __o_new __o_conflicts __o_stashes __o_action
      local __o_quality
      IFS=$'\t' read -r __o_branch __o_ahead __o_behind __o_staged __o_changed __o_new __o_conflicts \
        __o_stashes __o_action __o_quality <<<"$__o_line"
      local __o_room=$((${COLUMNS:-80} / 3))
      ((__o_room > 12)) || __o_room=12
      ((${#__o_branch} <= __o_room)) || __o_branch=${__o_branch:0:__o_room-1}${__outfit_sym[8]}
      __outfit_git_text=${__outfit_sym[0]}$__o_branch
      ((__o_ahead == 0)) || __outfit_git_text+=" ${__outfit_sym[5]}$__o_ahead"
      ((__o_behind == 0)) || __outfit_git_text+=" ${__outfit_sym[6]}$__o_behind"
      ((__o_staged == 0)) || __outfit_git_text+=" +$__o_staged"
      ((__o_changed == 0)) || __outfit_git_text+=" *$__o_changed"
      ((__o_new == 0)) || __outfit_git_text+=" ?$__o_new"
      ((__o_conflicts == 0)) || __outfit_git_text+=" !$__o_conflicts"
      ((__o_stashes == 0)) || __outfit_git_text+=" ${__outfit_sym[7]}$__o_stashes"
      [[ $__o_action == - ]] || __outfit_git_text+=" ($__o_action)"
      [[ $__o_quality != old ]] || __outfit_git_text+=" ${__outfit_sym[8]}"
    }

    # Adds a piece: its colour and its text. PS1 only names the text, so that nothing in it is expanded.
    __outfit_piece() {
      [[ -n $2 ]] || return 0
      local __o_index=${#__outfit_texts[@]}
      __outfit_texts+=("$2")
      __outfit_length=$((__outfit_length + ${#2} + 1))
      if [[ -n $__outfit_plain ]]; then __outfit_ps1+='${__outfit_texts['$__o_index']} '
      else __outfit_ps1+="\\[\\e[$1m\\]"'${__outfit_texts['$__o_index']}\[\e[0m\] '
      fi
    }

    __outfit_draw() {
      if [[ ${OUTFIT_PROMPT-} == 0 ]]; then
        [[ ${PS1-} != "${__outfit_ps1-}" ]] || PS1=$__outfit_own_prompt
        return 0
      fi
      local __o_width=${COLUMNS:-80} __o_piece __o_text __o_folder __o_spent=0 IFS=$' \t\n'
      __outfit_plain=
      if [[ -n ${NO_COLOR-} || ${TERM-dumb} == dumb ]]; then __outfit_plain=1; fi
      __outfit_settings
      __outfit_texts=() __outfit_length=0 __outfit_ps1=
      if [[ -n ${__outfit_begun-} ]]; then
        if [[ -n ${EPOCHREALTIME-} ]]; then __o_spent=$(((${EPOCHREALTIME/[.,]/} - __outfit_begun) / 1000))
        else __o_spent=$(((SECONDS - __outfit_begun) * 1000))
        fi
      fi
      unset __outfit_begun
      for __o_piece in $__outfit_pieces; do
        case $__o_piece in
          host)
            [[ -z ${SSH_CONNECTION-} && $EUID != 0 ]] && continue
            ((__o_width >= 50)) || continue
            __outfit_length=$((__outfit_length + 12))
            [[ -n $__outfit_plain ]] && __outfit_ps1+='\u@\h ' || __outfit_ps1+='\[\e[35m\]\u@\h\[\e[0m\] ' ;;
          folder)
            __o_text=$PWD
            case $__o_text in "${HOME%/}"|"${HOME%/}"/*) __o_text=\~${__o_text#"${HOME%/}"} ;; esac
            if ((${#__o_text} > __o_width / 2)); then
              __o_folder=${__o_text##*/}
              if ((__o_width < 50)); then __o_text=$__o_folder
              else
                __o_text=${__o_text%/*}
                __o_text=${__outfit_sym[8]}/${__o_text##*/}/$__o_folder
              fi
              if ((${#__o_text} > __o_width / 2)); then
                __o_text=${__outfit_sym[8]}${__o_text:${#__o_text}-__o_width/2+1}
              fi
            fi
            __outfit_piece '1;36' "${__o_text//[[:cntrl:]]/?}" ;;
          git)
            __outfit_git
            __outfit_piece 33 "$__outfit_git_text" ;;
          project)
            __o_text=${__outfit_label:-$__outfit_project}
            if [[ -n ${VIRTUAL_ENV-} && $VIRTUAL_ENV != "$__outfit_venv" ]]; then
              __o_text=${VIRTUAL_ENV##*/}
              __o_text=${__o_text//[^[:alnum:]._+@ -]/_}
            fi
            if ((__o_width >= 50)); then
              [[ -z $__outfit_python ]] || __o_text+="${__o_text:+ }${__outfit_sym[1]}$__outfit_python"
              [[ -z $__outfit_node ]] || __o_text+="${__o_text:+ }${__outfit_sym[2]}$__outfit_node"
            fi
            __outfit_piece 32 "$__o_text" ;;
          duration)
            __o_text=${OUTFIT_PROMPT_SLOW:-2}
            [[ $__o_text =~ ^([0-9]{1,6}\.?[0-9]*|\.[0-9]+)$ ]] || __o_text=2
            [[ $__o_text == *.* ]] || __o_text+=.
            __o_folder=${__o_text#*.}000
            if ((__o_spent >= 10#0${__o_text%%.*} * 1000 + 10#${__o_folder:0:3})); then
              if ((__o_spent >= 3600000)); then
                printf -v __o_text '%dh%02dm' $((__o_spent / 3600000)) $((__o_spent / 60000 % 60))
              elif ((__o_spent >= 60000)); then
                printf -v __o_text '%dm%02ds' $((__o_spent / 60000)) $((__o_spent / 1000 % 60))
              else printf -v __o_text '%d.%ds' $((__o_spent / 1000)) $((__o_spent / 100 % 10))
              fi
              __outfit_piece 2 "$__o_text"
            fi ;;
          status) [[ $1 == 0 ]] || __outfit_piece 31 "${__outfit_sym[4]}$1" ;;
          clock) __outfit_ps1+='\A '; __outfit_length=$((__outfit_length + 6)) ;;
        esac
      done
      __o_text=${__outfit_sym[3]}
      [[ $EUID != 0 ]] || __o_text='#'
      # A line of its own for what is typed, when little room is left for it.
      if ((__outfit_length > __o_width * 2 / 3)); then __outfit_ps1+='\n'; fi
      if [[ -n $__outfit_plain ]]; then __outfit_ps1+="$__o_text "
      elif [[ $1 == 0 ]]; then __outfit_ps1+="\\[\\e[32m\\]$__o_text\\[\\e[0m\\] "
      else __outfit_ps1+="\\[\\e[31m\\]$__o_text\\[\\e[0m\\] "
      fi
      PS1=$__outfit_ps1
    }

    if [[ $- == *i* && -z ${__outfit_draws-} && ${OUTFIT_PROMPT-} != 0 ]]; then
      __outfit_wanted=$__outfit_always
      # A prompt of the user's own stays: only the ones that systems ship by default are replaced.
      case ${PS1-} in
        '' | '\s-\v\$ ' | '\h:\w\$ ' | '\u@\h:\w\$ ' | '[\u@\h \W]\$ ' | \
          '${debian_chroot:+($debian_chroot)}\u@\h:\w\$ ' | \
          '\[\e]0;'*'${debian_chroot:+($debian_chroot)}'* | \
          '${debian_chroot:+($debian_chroot)}\[\033[01;32m\]'*) __outfit_wanted=1 ;;
      esac
      if [[ -n $__outfit_wanted ]]; then
        __outfit_own_prompt=${PS1-}
        __outfit_draws=1
        shopt -s promptvars
        # The time at which a command starts, without starting anything.
        if ((BASH_VERSINFO[0] >= 5)); then
          PS0=${PS0-}'${__outfit_nothing:$((__outfit_begun=${EPOCHREALTIME/[.,]/},0)):0}'
        elif ((BASH_VERSINFO[0] * 10 + BASH_VERSINFO[1] >= 44)); then
          PS0=${PS0-}'${__outfit_nothing:$((__outfit_begun=SECONDS,0)):0}'
        fi
        __outfit_nothing=
      fi
      unset __outfit_wanted
    fi
    unset __outfit_always

    """#
}
