extension ShellInit {
  /// Works from bash 3.2 on. `outfit-shim activation` calls `__outfit_enter` and `__outfit_leave`.
  static let bash = #"""
    __outfit_folder=
    if [[ -z ${__outfit_active-} ]]; then
      __outfit_active= __outfit_venv= __outfit_label= __outfit_project= __outfit_python= __outfit_node=
      __outfit_names=() __outfit_kept=() __outfit_given=()
    fi

    # Sets and exports a variable, and keeps what it was: unset (u), a shell variable (s), exported (x) or an
    # array (a). One that takes no text as it is stays alone: read-only, a number, of one case, bash's own.
    __outfit_set() {
      local __o_flags __o_is_array
      eval "__o_is_array=\${$1[@]+x}"
      if [[ -n $__o_is_array && -z ${!1+set} ]]; then __o_flags=A
      elif ((BASH_VERSINFO[0] >= 5)); then __o_flags=${!1+${!1@a}}
      else
        __o_flags=$(declare -p "$1" 2>/dev/null) || __o_flags=
        __o_flags=${__o_flags#declare -}
        __o_flags=${__o_flags%% *}
      fi
      case $1:$__o_flags in
        *:*[cilnru]* | DIRSTACK:* | EPOCHREALTIME:* | EPOCHSECONDS:* | FUNCNAME:* | GROUPS:* | PIPESTATUS:*)
          __outfit_refused+=" $1"
          return 0 ;;
      esac
      __outfit_names+=("$1")
      __outfit_given+=("$2")
      if [[ $__o_flags == *[aA]* ]]; then
        __outfit_kept+=("a$(declare -p "$1")")
        unset "$1"
      elif [[ -z ${!1+set} ]]; then __outfit_kept+=(u)
      elif [[ $__o_flags == *x* ]]; then __outfit_kept+=("x${!1}")
      else __outfit_kept+=("s${!1}")
      fi
      export "$1=$2"
    }

    # In the variable $1, puts $3 where $2 stands first.
    __outfit_replace() {
      [[ ${!1-} == *"$2"* ]] || return 1
      printf -v "$1" %s "${!1%%"$2"*}$3${!1#*"$2"}"
    }

    # Takes a folder out of the path that a variable holds, where it stands first.
    __outfit_without() {
      local __o_path=:${!2-}:
      __outfit_replace __o_path ":$1:" : || return 0
      __o_path=${__o_path#:}
      printf -v "$2" %s "${__o_path%:}"
    }

    __outfit_mark() {
      [[ -n ${PS1+set} && -z ${VIRTUAL_ENV_DISABLE_PROMPT-} && -z ${__outfit_draws-} ]] || return 0
      __outfit_old_prompt=$PS1
      PS1="($__outfit_label) $PS1"
      __outfit_new_prompt=$PS1
    }

    # Whatever was written around the mark stays.
    __outfit_unmark() {
      [[ -n ${__outfit_new_prompt-} ]] || return 0
      __outfit_replace "$1" "$__outfit_new_prompt" "$__outfit_old_prompt" ||
        __outfit_replace "$1" "($__outfit_label) " '' || return 0
    }

    # What a shell that is started from this one must know to leave as this one would.
    __outfit_export() {
      local __o_index __o_kept __o_all=$__outfit_active$'\x1f'$__outfit_venv$'\x1f'$__outfit_label
      if ((${#__outfit_names[@]} == 0)) && [[ -z $__outfit_venv ]]; then
        unset OUTFIT_SHELL
        return 0
      fi
      for ((__o_index = 0; __o_index < ${#__outfit_names[@]}; __o_index++)); do
        [[ ${__outfit_kept[__o_index]}${__outfit_given[__o_index]} != *$'\x1f'* ]] || continue
        __o_kept=${__outfit_kept[__o_index]}
        # Arrays are this shell's own.
        [[ $__o_kept != a* ]] || __o_kept=u
        __o_all+=$'\x1f'${__outfit_names[__o_index]}$'\x1f'$__o_kept$'\x1f'${__outfit_given[__o_index]}
      done
      export OUTFIT_SHELL=$__o_all
    }

    __outfit_import() {
      local -a __o_all
      local __o_rest=$OUTFIT_SHELL$'\x1f' __o_index
      while [[ -n $__o_rest ]]; do
        __o_all+=("${__o_rest%%$'\x1f'*}")
        __o_rest=${__o_rest#*$'\x1f'}
      done
      ((${#__o_all[@]} >= 3)) || return 0
      __outfit_active=${__o_all[0]}
      for ((__o_index = 3; __o_index + 2 < ${#__o_all[@]}; __o_index += 3)); do
        [[ ${__o_all[__o_index]} =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || continue
        __outfit_names+=("${__o_all[__o_index]}")
        __outfit_kept+=("${__o_all[__o_index + 1]}")
        __outfit_given+=("${__o_all[__o_index + 2]}")
      done
      __outfit_venv=${__o_all[1]}
      __outfit_label=${__o_all[2]}
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
      if declare -F deactivate >/dev/null; then return 0; fi
      deactivate() {
        local __o_active=$__outfit_active
        __outfit_leave
        __outfit_active=$__o_active
      }
      __outfit_deactivates=1
    }

    __outfit_enter() {
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
      while (($# > 1)); do
        __outfit_set "$1" "$2"
        shift 2
      done
      __outfit_export
      [[ -z $__outfit_refused ]] || printf >&2 "$__outfit_kept_alone\n" "${__outfit_refused# }"
    }

    # What was changed by hand in between stays as it is.
    __outfit_leave() {
      local __o_index __o_name __o_kept __o_own=
      # An environment's own `activate` was run meanwhile: that one stays, and its `deactivate` must not bring this
      # one back.
      [[ -z $__outfit_venv || -z ${_OLD_VIRTUAL_PATH-} ]] || __o_own=own:
      for ((__o_index = ${#__outfit_names[@]} - 1; __o_index >= 0; __o_index--)); do
        __o_name=${__outfit_names[__o_index]}
        __o_kept=${__outfit_kept[__o_index]}
        [[ -n ${!__o_name+set} && ${!__o_name} == "${__outfit_given[__o_index]}" ]] || continue
        case $__o_own$__o_name in own:VIRTUAL_ENV | own:VIRTUAL_ENV_PROMPT) continue ;; esac
        if ! unset -v "$__o_name" 2>/dev/null; then
          # It was made read-only.
          [[ $__o_kept == x* ]] || export -n "${__o_name?}"
          continue
        fi
        case $__o_kept in
          a*) eval "declare -g ${__o_kept#adeclare }" ;;
          s*) printf -v "$__o_name" %s "${__o_kept#s}" ;;
          x*) export "$__o_name=${__o_kept#x}" ;;
        esac
      done
      if [[ -n $__outfit_venv ]]; then
        __outfit_without "$__outfit_venv/bin" PATH
        __outfit_unmark PS1
        if [[ -n $__o_own ]]; then
          __outfit_without "$__outfit_venv/bin" _OLD_VIRTUAL_PATH
          __outfit_unmark _OLD_VIRTUAL_PS1
        fi
        if [[ -n ${__outfit_deactivates-} && $(declare -f deactivate) == *__outfit_leave* ]]; then
          unset -f deactivate
        fi
      fi
      __outfit_active= __outfit_venv= __outfit_label= __outfit_project= __outfit_python= __outfit_node=
      __outfit_names=() __outfit_kept=() __outfit_given=()
      unset OUTFIT_SHELL __outfit_old_prompt __outfit_new_prompt __outfit_deactivates
    }

    # direnv puts PATH back as it found it, so it comes first: what is taken out of PATH after that stays out.
    __outfit_direnv() {
      local __o_past __o_rest
      declare -F _direnv_hook >/dev/null || return 0
      _direnv_hook || :
      if [[ -n $__outfit_venv && ${__outfit_past-}: != *":$__outfit_venv/bin:"* ]]; then
        __outfit_past+=:$__outfit_venv/bin
      fi
      __o_rest=${__outfit_past-}
      while [[ -n $__o_rest ]]; do
        __o_past=${__o_rest##*:}
        __o_rest=${__o_rest%:*}
        [[ $__o_past == "$__outfit_venv/bin" ]] || __outfit_without "$__o_past" PATH
      done
    }

    __outfit_hook() {
      local __o_status=$?
      if [[ $PWD:${OUTFIT_PYTHON-}:${OUTFIT_NODE-}:${PYENV_VERSION-} != "$__outfit_folder" ]]; then
        __outfit_direnv
        __outfit_folder=$PWD:${OUTFIT_PYTHON-}:${OUTFIT_NODE-}:${PYENV_VERSION-}
        if [[ -x $__outfit_shim ]]; then
          eval "$("$__outfit_shim" activation bash "$__outfit_active" 2>/dev/null)"
        elif [[ -n $__outfit_active ]]; then
          __outfit_leave
        fi
      fi
      if [[ -n ${__outfit_draws-} ]]; then __outfit_draw "$__o_status"; fi
      # A shell that ends at the first failure must not take this for one.
      [[ $- != *e* ]] || return 0
      return "$__o_status"
    }

    # What outfit itself did may change what belongs here.
    outfit() {
      local __o_status=0
      command outfit "$@" || __o_status=$?
      __outfit_folder=
      if [[ $- == *i* ]]; then __outfit_completions; fi
      return "$__o_status"
    }

    if [[ -n ${OUTFIT_SHELL-} && -z $__outfit_active ]]; then __outfit_import; fi

    # The hook returns what the command ended with, for those that follow it in one text; that is no failure.
    case "${PROMPT_COMMAND[*]-}" in
      *__outfit_hook*) ;;
      *)
        if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 501)); then
          PROMPT_COMMAND="__outfit_hook && :${PROMPT_COMMAND:+; $PROMPT_COMMAND}"
        elif [[ -z ${PROMPT_COMMAND[*]-} ]]; then
          PROMPT_COMMAND=('__outfit_hook && :')
        else
          # Each member sees PIPESTATUS as the command left it; and a list does not reach shells that have no hook.
          PROMPT_COMMAND=('__outfit_hook && :' "${PROMPT_COMMAND[@]}")
        fi
        ;;
    esac

    # Completions are read at the first Tab, from the program itself.
    __outfit_complete() {
      complete -r outfit 2>/dev/null
      eval "$(command outfit --generate-completion-script bash 2>/dev/null)"
      return 124
    }
    # So are those that tools bring, where bash-completion does not find them beside the commands (before 2.12).
    __outfit_complete_tool() {
      local __o_file
      complete -r "$1" 2>/dev/null
      for __o_file in "$__outfit_share/bash-completion/completions/"{"$1","$1.bash","_$1"}; do
        [[ ! -r $__o_file ]] || . "$__o_file"
      done
      return 124
    }
    __outfit_completions() {
      local __o_name
      for __o_name in "$__outfit_share"/bash-completion/completions/*; do
        [[ -e $__o_name ]] || continue
        __o_name=${__o_name##*/}
        __o_name=${__o_name%.bash}
        __o_name=${__o_name#_}
        complete -p "$__o_name" >/dev/null 2>&1 || complete -F __outfit_complete_tool "$__o_name"
      done
    }
    if [[ $- == *i* ]]; then
      complete -F __outfit_complete outfit
      __outfit_completions
    fi

    """#
}
