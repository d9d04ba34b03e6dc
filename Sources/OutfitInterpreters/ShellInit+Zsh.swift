extension ShellInit {
  static let zsh = #"""
    typeset -g __outfit_folder=
    if [[ -z ${__outfit_active-} ]]; then
      typeset -g __outfit_active= __outfit_venv= __outfit_label= __outfit_project= __outfit_python= __outfit_node=
      typeset -ga __outfit_names __outfit_kept __outfit_given
      __outfit_names=() __outfit_kept=() __outfit_given=()
    fi

    # Whether a variable takes no text as it is: it is read-only, a number, of one case or width, or zsh's own list.
    __outfit_is_special() {
      emulate -L zsh
      [[ $1 == USERNAME || ${(Pt)1} == (*(integer|float|readonly|lower|upper|left|right)*|(array|association)*special*) ]]
    }

    # Sets and exports a variable, and keeps what it was: unset (u), a shell variable (s), exported (x) or an
    # array (a). What takes no text stays alone.
    __outfit_set() {
      emulate -L zsh
      local __o_name=$1
      if __outfit_is_special "$1"; then
        __outfit_refused+=" $1"
        return 0
      fi
      __outfit_names+=("$1")
      __outfit_given+=("$2")
      if (( ! ${(P)+__o_name} )); then __outfit_kept+=(u)
      elif [[ ${(Pt)__o_name} == (array|association)* ]]; then
        __outfit_kept+=("a$(typeset -p $__o_name)")
        unset "$__o_name"
      elif [[ ${(Pt)__o_name} == *export* ]]; then __outfit_kept+=("x${(P)__o_name}")
      else __outfit_kept+=("s${(P)__o_name}")
      fi
      typeset -gx "$1=$2"
    }

    # In the variable $1, puts $3 where $2 stands first.
    __outfit_replace() {
      emulate -L zsh
      local __o_text=${(P)1-}
      [[ $__o_text == *"$2"* ]] || return 1
      typeset -g "$1=${__o_text%%"$2"*}$3${__o_text#*"$2"}"
    }

    # Takes a folder out of the path that a variable holds, where it stands first.
    __outfit_without() {
      emulate -L zsh
      local __o_path=:${(P)2-}:
      [[ $__o_path == *":$1:"* ]] || return 0
      __o_path=${__o_path%%":$1:"*}:${__o_path#*":$1:"}
      __o_path=${__o_path#:}
      typeset -g "$2=${__o_path%:}"
    }

    __outfit_mark() {
      emulate -L zsh
      [[ -n ${PS1+set} && -z ${VIRTUAL_ENV_DISABLE_PROMPT-} && -z ${__outfit_draws-} ]] || return 0
      typeset -g __outfit_old_prompt=$PS1
      PS1="(${__outfit_label}) $PS1"
      typeset -g __outfit_new_prompt=$PS1
    }

    # Whatever was written around the mark stays.
    __outfit_unmark() {
      emulate -L zsh
      [[ -n ${__outfit_new_prompt-} ]] || return 0
      __outfit_replace "$1" "$__outfit_new_prompt" "$__outfit_old_prompt" ||
        __outfit_replace "$1" "($__outfit_label) " '' || return 0
    }

    # What a shell that is started from this one must know to leave as this one would.
    __outfit_export() {
      emulate -L zsh
      if (( ! $#__outfit_names )) && [[ -z $__outfit_venv ]]; then
        unset OUTFIT_SHELL
        return 0
      fi
      local __o_index __o_kept __o_all=$__outfit_active$'\x1f'$__outfit_venv$'\x1f'$__outfit_label
      for (( __o_index = 1; __o_index <= $#__outfit_names; __o_index++ )); do
        [[ $__outfit_kept[__o_index]$__outfit_given[__o_index] != *$'\x1f'* ]] || continue
        __o_kept=$__outfit_kept[__o_index]
        # Arrays are this shell's own.
        [[ $__o_kept != a* ]] || __o_kept=u
        __o_all+=$'\x1f'$__outfit_names[__o_index]$'\x1f'$__o_kept$'\x1f'$__outfit_given[__o_index]
      done
      typeset -gx OUTFIT_SHELL=$__o_all
    }

    __outfit_import() {
      emulate -L zsh
      local -a __o_all
      local __o_index
      __o_all=("${(@ps:\x1f:)OUTFIT_SHELL}")
      (( $#__o_all >= 3 )) || return 0
      __outfit_active=$__o_all[1]
      for (( __o_index = 4; __o_index + 2 <= $#__o_all; __o_index += 3 )); do
        [[ $__o_all[__o_index] =~ '^[A-Za-z_][A-Za-z0-9_]*$' ]] || continue
        __outfit_names+=("$__o_all[__o_index]")
        __outfit_kept+=("$__o_all[__o_index+1]")
        __outfit_given+=("$__o_all[__o_index+2]")
      done
      __outfit_venv=$__o_all[2]
      __outfit_label=$__o_all[3]
      if [[ -n $__outfit_venv && ${VIRTUAL_ENV-} == "$__outfit_venv" ]]; then
        __outfit_without "$__outfit_venv/bin" PATH
        PATH=$__outfit_venv/bin:$PATH
        __outfit_mark
        __outfit_deactivate
      fi
      # So that the prompt's pieces come again.
      __outfit_active+=+
    }

    __outfit_deactivate() {
      emulate -L zsh
      (( $+functions[deactivate] )) || functions[deactivate]='
        local __o_active=$__outfit_active
        __outfit_leave
        typeset -g __outfit_active=$__o_active'
      typeset -g __outfit_deactivates=1
    }

    __outfit_enter() {
      emulate -L zsh
      local __outfit_refused=
      __outfit_active=$1
      __outfit_project=$4 __outfit_python=$5 __outfit_node=$6
      if [[ -n $2 && -d $2/bin && -z ${VIRTUAL_ENV-} ]]; then
        __outfit_venv=$2
        __outfit_label=$3
        __outfit_set VIRTUAL_ENV "$2"
        __outfit_set VIRTUAL_ENV_PROMPT "$3"
        PATH=$2/bin:$PATH
        __outfit_mark
        __outfit_deactivate
      fi
      shift 6
      while (( $# > 1 )); do
        __outfit_set "$1" "$2"
        shift 2
      done
      __outfit_export
      [[ -z $__outfit_refused ]] || printf >&2 "$__outfit_kept_alone\n" "${__outfit_refused# }"
    }

    # What was changed by hand in between stays as it is.
    __outfit_leave() {
      emulate -L zsh
      local __o_index __o_name __o_kept __o_own=
      # An environment's own `activate` was run meanwhile: that one stays, and its `deactivate` must not bring this
      # one back.
      [[ -z $__outfit_venv || -z ${_OLD_VIRTUAL_PATH-} ]] || __o_own=own:
      for (( __o_index = $#__outfit_names; __o_index > 0; __o_index-- )); do
        __o_name=$__outfit_names[__o_index]
        __o_kept=$__outfit_kept[__o_index]
        (( ${(P)+__o_name} )) && [[ ${(P)__o_name} == "$__outfit_given[__o_index]" ]] || continue
        [[ $__o_own$__o_name != own:VIRTUAL_ENV(|_PROMPT) ]] || continue
        if __outfit_is_special "$__o_name"; then
          [[ $__o_kept == x* ]] || typeset -g +x "$__o_name"
          continue
        fi
        case $__o_kept in
          u) unset "$__o_name" ;;
          a*) unset "$__o_name"; eval "${__o_kept#a}" ;;
          s*) typeset -g +x "$__o_name=${__o_kept#s}" ;;
          *) typeset -gx "$__o_name=${__o_kept#x}" ;;
        esac
      done
      if [[ -n $__outfit_venv ]]; then
        __outfit_without "$__outfit_venv/bin" PATH
        __outfit_unmark PS1
        if [[ -n $__o_own ]]; then
          __outfit_without "$__outfit_venv/bin" _OLD_VIRTUAL_PATH
          __outfit_unmark _OLD_VIRTUAL_PS1
        fi
        if [[ -n ${__outfit_deactivates-} && ${functions[deactivate]-} == *__outfit_leave* ]]; then
          unfunction deactivate
        fi
      fi
      __outfit_active= __outfit_venv= __outfit_label= __outfit_project= __outfit_python= __outfit_node=
      __outfit_names=() __outfit_kept=() __outfit_given=()
      unset OUTFIT_SHELL __outfit_old_prompt __outfit_new_prompt __outfit_deactivates
    }

    # direnv puts PATH back as it found it, so it comes first: what is taken out of PATH after that stays out.
    __outfit_direnv() {
      emulate -L zsh
      (( ${+functions[_direnv_hook]} )) || return 0
      _direnv_hook
      typeset -ga __outfit_past
      if [[ -n $__outfit_venv ]] && (( ! ${__outfit_past[(Ie)$__outfit_venv/bin]} )); then
        __outfit_past+=("$__outfit_venv/bin")
      fi
      local __o_past
      for __o_past in $__outfit_past; do
        [[ $__o_past == "$__outfit_venv/bin" ]] || __outfit_without "$__o_past" PATH
      done
    }

    __outfit_hook() {
      emulate -L zsh
      if [[ $PWD:${OUTFIT_PYTHON-}:${OUTFIT_NODE-}:${PYENV_VERSION-} != "$__outfit_folder" ]]; then
        __outfit_direnv
        __outfit_folder=$PWD:${OUTFIT_PYTHON-}:${OUTFIT_NODE-}:${PYENV_VERSION-}
        if [[ -x $__outfit_shim ]]; then
          eval "$("$__outfit_shim" activation zsh "$__outfit_active" 2>/dev/null)"
        elif [[ -n $__outfit_active ]]; then
          __outfit_leave
        fi
      fi
      return 0
    }

    # What outfit itself did may change what belongs here.
    outfit() {
      local __o_result=0
      command outfit "$@" || __o_result=$?
      typeset -g __outfit_folder=
      (( ! ${+functions[__outfit_completions]} )) || __outfit_completions
      return $__o_result
    }

    if [[ -n ${OUTFIT_SHELL-} && -z $__outfit_active ]]; then __outfit_import; fi

    autoload -Uz add-zsh-hook
    add-zsh-hook chpwd __outfit_hook
    add-zsh-hook precmd __outfit_hook

    # A segment for powerlevel10k: put `outfit` among its elements.
    prompt_outfit() {
      emulate -L zsh
      local __o_text=${__outfit_label:-$__outfit_project}
      [[ -z $__outfit_python ]] || __o_text+="${__o_text:+ }$__outfit_python"
      [[ -z $__outfit_node ]] || __o_text+="${__o_text:+ }node $__outfit_node"
      [[ -z $__o_text ]] || p10k segment -f 2 -t "$__o_text"
    }

    # Completions are read at the first Tab, from the program itself.
    if [[ -o interactive ]]; then
      _outfit() {
        emulate -L zsh
        unfunction _outfit
        eval "$(command outfit --generate-completion-script zsh 2>/dev/null)"
        (( $+functions[_outfit] )) && _outfit "$@"
      }
      # Those that tools bring: `compinit` finds them where it runs after this, and is told of them where it ran before.
      if (( ! ${fpath[(Ie)$__outfit_share/zsh/site-functions]} )); then
        fpath=("$__outfit_share/zsh/site-functions" $fpath)
      fi
      __outfit_completions() {
        emulate -L zsh
        (( $+functions[compdef] )) || return 0
        local __o_file __o_line IFS=$' \t\n'
        for __o_file in "$__outfit_share"/zsh/site-functions/_*(N); do
          [[ -z ${_comps[(re)${__o_file:t}]-} ]] || continue
          IFS= read -r __o_line <"$__o_file" || continue
          [[ $__o_line == '#compdef '* ]] || continue
          autoload -Uz "${__o_file:t}"
          compdef "${__o_file:t}" ${=__o_line#'#compdef '}
        done
      }
      # The completion system may be started later than this.
      __outfit_compdef() {
        emulate -L zsh
        (( $+functions[compdef] )) && compdef _outfit outfit
        __outfit_completions
        add-zsh-hook -d precmd __outfit_compdef
        unfunction __outfit_compdef
      }
      add-zsh-hook precmd __outfit_compdef
    fi

    """#
}
