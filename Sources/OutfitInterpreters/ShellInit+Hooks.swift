extension ShellInit {
  /// Works from bash 3.2 on. `outfit-shim activation` calls `__outfit_enter` and `__outfit_leave`.
  static let bash = #"""
    __outfit_folder=
    __outfit_active=
    __outfit_names=()
    __outfit_kept=()
    __outfit_given=()

    # Sets and exports a variable, and keeps what it was: unset (u), a shell variable (s) or exported (x).
    __outfit_set() {
      local __outfit_flags
      __outfit_flags=$(declare -p "$1" 2>/dev/null) || __outfit_flags=
      __outfit_flags=${__outfit_flags#declare -}
      __outfit_flags=${__outfit_flags%% *}
      __outfit_names+=("$1")
      __outfit_given+=("$2")
      if [[ -z ${!1+set} ]]; then __outfit_kept+=(u)
      elif [[ $__outfit_flags == *x* ]]; then __outfit_kept+=("x${!1}")
      else __outfit_kept+=("s${!1}")
      fi
      export "$1=$2"
    }

    __outfit_enter() {
      __outfit_active=$1
      if [[ -n $2 && -d $2/bin && -z ${VIRTUAL_ENV-} ]]; then
        local __o_name=${1%:*}
        __o_name=${__o_name##*/}
        __outfit_set VIRTUAL_ENV "$2"
        __outfit_set VIRTUAL_ENV_PROMPT "$__o_name"
        __outfit_venv=$2/bin
        __outfit_old_path=$PATH
        PATH=$__outfit_venv:$PATH
        __outfit_new_path=$PATH
        if [[ -n ${PS1+set} && -z ${VIRTUAL_ENV_DISABLE_PROMPT-} ]]; then
          __outfit_old_prompt=$PS1
          PS1="($__o_name) $PS1"
          __outfit_new_prompt=$PS1
        fi
      fi
      shift 2
      while (($# > 1)); do
        __outfit_set "$1" "$2"
        shift 2
      done
    }

    # What was changed by hand in between stays as it is.
    __outfit_leave() {
      local __o_index __o_name __o_kept
      for ((__o_index = ${#__outfit_names[@]} - 1; __o_index >= 0; __o_index--)); do
        __o_name=${__outfit_names[__o_index]}
        __o_kept=${__outfit_kept[__o_index]}
        [[ ${!__o_name-} == "${__outfit_given[__o_index]}" ]] || continue
        case $__o_kept in
          u) unset "$__o_name" ;;
          s*) unset "$__o_name"; printf -v "$__o_name" %s "${__o_kept#s}" ;;
          *) export "$__o_name=${__o_kept#x}" ;;
        esac
      done
      if [[ -n ${__outfit_venv-} ]]; then
        if [[ $PATH == "$__outfit_new_path" ]]; then
          PATH=$__outfit_old_path
        else
          local __o_path=:$PATH:
          if [[ $__o_path == *":$__outfit_venv:"* ]]; then
            __o_path=${__o_path%%":$__outfit_venv:"*}:${__o_path#*":$__outfit_venv:"}
            __o_path=${__o_path#:}
            PATH=${__o_path%:}
          fi
        fi
      fi
      if [[ -n ${__outfit_new_prompt-} && ${PS1-} == "$__outfit_new_prompt" ]]; then
        PS1=$__outfit_old_prompt
      fi
      __outfit_active=
      __outfit_names=()
      __outfit_kept=()
      __outfit_given=()
      unset __outfit_venv __outfit_old_path __outfit_new_path __outfit_old_prompt __outfit_new_prompt
    }

    __outfit_hook() {
      local __o_status=$?
      if [[ $PWD != "$__outfit_folder" ]]; then
        __outfit_folder=$PWD
        if [[ -x $__outfit_shim ]]; then
          eval "$("$__outfit_shim" activation bash "$__outfit_active")"
        elif [[ -n $__outfit_active ]]; then
          __outfit_leave
        fi
      fi
      return "$__o_status"
    }

    # What outfit itself did may change what belongs here.
    outfit() {
      command outfit "$@"
      local __o_status=$?
      __outfit_folder=
      return "$__o_status"
    }

    case "${PROMPT_COMMAND[*]-}" in
      *__outfit_hook*) ;;
      *)
        if [[ $(declare -p PROMPT_COMMAND 2>/dev/null) == "declare -a"* ]]; then
          PROMPT_COMMAND=(__outfit_hook "${PROMPT_COMMAND[@]}")
        else
          PROMPT_COMMAND="__outfit_hook${PROMPT_COMMAND:+; $PROMPT_COMMAND}"
        fi
        ;;
    esac

    """#

  static let zsh = #"""
    typeset -g __outfit_folder= __outfit_active=
    typeset -ga __outfit_names __outfit_kept __outfit_given
    __outfit_names=() __outfit_kept=() __outfit_given=()

    # Sets and exports a variable, and keeps what it was: unset (u), a shell variable (s) or exported (x).
    __outfit_set() {
      emulate -L zsh
      local __o_name=$1
      __outfit_names+=("$1")
      __outfit_given+=("$2")
      if (( ! ${(P)+__o_name} )); then __outfit_kept+=(u)
      elif [[ ${(Pt)__o_name} == *export* ]]; then __outfit_kept+=("x${(P)__o_name}")
      else __outfit_kept+=("s${(P)__o_name}")
      fi
      typeset -gx "$1=$2"
    }

    __outfit_enter() {
      emulate -L zsh
      __outfit_active=$1
      if [[ -n $2 && -d $2/bin && -z ${VIRTUAL_ENV-} ]]; then
        local __o_name=${${1%:*}:t}
        __outfit_set VIRTUAL_ENV "$2"
        __outfit_set VIRTUAL_ENV_PROMPT "$__o_name"
        typeset -g __outfit_venv=$2/bin __outfit_old_path=$PATH
        PATH=$__outfit_venv:$PATH
        typeset -g __outfit_new_path=$PATH
        if [[ -n ${PS1+set} && -z ${VIRTUAL_ENV_DISABLE_PROMPT-} ]]; then
          typeset -g __outfit_old_prompt=$PS1
          PS1="(${__o_name//\%/%%}) $PS1"
          typeset -g __outfit_new_prompt=$PS1
        fi
      fi
      shift 2
      while (( $# > 1 )); do
        __outfit_set "$1" "$2"
        shift 2
      done
    }

    # What was changed by hand in between stays as it is.
    __outfit_leave() {
      emulate -L zsh
      local __o_index __o_name __o_kept
      for (( __o_index = $#__outfit_names; __o_index > 0; __o_index-- )); do
        __o_name=$__outfit_names[__o_index]
        __o_kept=$__outfit_kept[__o_index]
        [[ ${(P)__o_name-} == "$__outfit_given[__o_index]" ]] || continue
        case $__o_kept in
          u) unset "$__o_name" ;;
          s*) typeset -g +x "$__o_name=${__o_kept#s}" ;;
          *) typeset -gx "$__o_name=${__o_kept#x}" ;;
        esac
      done
      if [[ -n ${__outfit_venv-} ]]; then
        if [[ $PATH == "$__outfit_new_path" ]]; then
          PATH=$__outfit_old_path
        else
          local __o_old=:$PATH:
          if [[ $__o_old == *":$__outfit_venv:"* ]]; then
            __o_old=${__o_old%%":$__outfit_venv:"*}:${__o_old#*":$__outfit_venv:"}
            __o_old=${__o_old#:}
            PATH=${__o_old%:}
          fi
        fi
      fi
      if [[ -n ${__outfit_new_prompt-} && ${PS1-} == "$__outfit_new_prompt" ]]; then
        PS1=$__outfit_old_prompt
      fi
      __outfit_active=
      __outfit_names=() __outfit_kept=() __outfit_given=()
      unset __outfit_venv __outfit_old_path __outfit_new_path __outfit_old_prompt __outfit_new_prompt
    }

    __outfit_hook() {
      if [[ $PWD != "$__outfit_folder" ]]; then
        __outfit_folder=$PWD
        if [[ -x $__outfit_shim ]]; then
          eval "$("$__outfit_shim" activation zsh "$__outfit_active")"
        elif [[ -n $__outfit_active ]]; then
          __outfit_leave
        fi
      fi
    }

    # What outfit itself did may change what belongs here.
    outfit() {
      command outfit "$@"
      local __o_result=$?
      __outfit_folder=
      return $__o_result
    }

    autoload -Uz add-zsh-hook
    add-zsh-hook chpwd __outfit_hook
    add-zsh-hook precmd __outfit_hook

    """#

  static let fish = #"""
    set --global __outfit_folder
    set --global __outfit_active
    set --global __outfit_names
    set --global __outfit_kept
    set --global __outfit_given

    # Sets and exports a variable, and keeps what it was: unset (u), a shell variable (s) or exported (x).
    function __outfit_set
        set --append __outfit_names $argv[1]
        set --append __outfit_given "$argv[2]"
        if not set --query $argv[1]
            set --append __outfit_kept u
        else if set --query --export $argv[1]
            set --append __outfit_kept "x$$argv[1]"
        else
            set --append __outfit_kept "s$$argv[1]"
        end
        set --global --export $argv[1] "$argv[2]"
    end

    function __outfit_enter
        set --global __outfit_active $argv[1]
        if test -n "$argv[2]"; and test -d "$argv[2]/bin"; and not set --query VIRTUAL_ENV
            __outfit_set VIRTUAL_ENV "$argv[2]"
            __outfit_set VIRTUAL_ENV_PROMPT (string replace --regex '.*/([^/]*):[^:]*$' '$1' -- "$argv[1]")
            set --global __outfit_venv "$argv[2]/bin"
            set --global --export PATH "$__outfit_venv" $PATH
        end
        for __o_index in (seq 3 2 (math (count $argv) - 1))
            set --local __o_next (math $__o_index + 1)
            __outfit_set $argv[$__o_index] "$argv[$__o_next]"
        end
    end

    # What was changed by hand in between stays as it is.
    function __outfit_leave
        for __o_index in (seq (count $__outfit_names) -1 1)
            set --local __o_name $__outfit_names[$__o_index]
            set --local __o_kept $__outfit_kept[$__o_index]
            test "$$__o_name" = "$__outfit_given[$__o_index]"; or continue
            set --erase --global $__o_name
            switch $__o_kept
                case 'x*'
                    set --global --export $__o_name (string sub --start 2 -- "$__o_kept")
                case 's*'
                    set --global --unexport $__o_name (string sub --start 2 -- "$__o_kept")
            end
        end
        if set --query __outfit_venv
            if set --local __o_index (contains --index -- "$__outfit_venv" $PATH)
                set --erase PATH[$__o_index]
            end
            set --erase __outfit_venv
        end
        set --global __outfit_active
        set --global __outfit_names
        set --global __outfit_kept
        set --global __outfit_given
    end

    function __outfit_hook --on-event fish_prompt --on-variable PWD
        if test "$PWD" != "$__outfit_folder"
            set --global __outfit_folder $PWD
            if test -x "$__outfit_shim"
                "$__outfit_shim" activation fish "$__outfit_active" | source
            else if test -n "$__outfit_active"
                __outfit_leave
            end
        end
    end

    # What outfit itself did may change what belongs here.
    function outfit --wraps outfit
        command outfit $argv
        set --local __o_result $status
        set --global __outfit_folder
        return $__o_result
    end

    """#
}
