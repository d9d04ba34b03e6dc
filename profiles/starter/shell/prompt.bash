# folder (branch) status $ - and nothing is started to draw it: the branch is read from .git/HEAD by the shell.
# Keep your own prompt instead with OUTFIT_PROMPT=0 above this block.

outfit_prompt_branch() {
  outfit_branch=
  local folder=$PWD head git
  while [ -n "$folder" ]; do
    git=$folder/.git
    if [ -f "$git" ]; then
      IFS= read -r head <"$git" || head=
      git=${head#gitdir: }
      case $git in /*) ;; *) git=$folder/$git ;; esac
    fi
    if [ -r "$git/HEAD" ]; then
      IFS= read -r head <"$git/HEAD" || return 0
      case $head in
        'ref: refs/heads/'*) outfit_branch=" (${head#ref: refs/heads/})" ;;
        *) outfit_branch=" (${head:0:9})" ;;
      esac
      return 0
    fi
    folder=${folder%/*}
  done
}

outfit_prompt() {
  local status=$?
  outfit_status=
  [ "$status" -eq 0 ] || outfit_status=" [$status]"
  outfit_prompt_branch
  return "$status"
}

# A prompt of your own stays: only the ones that systems ship by default are replaced.
case ${OUTFIT_PROMPT-}${PS1-} in
  0*) ;;
  '\s-\v\$ ' | '\h:\w\$ ' | '\u@\h:\w\$ ' | '${debian_chroot:+($debian_chroot)}\u@\h:\w\$ ' | \
    '\[\e]0;'*'${debian_chroot:+($debian_chroot)}'* | \
    '${debian_chroot:+($debian_chroot)}\[\033[01;32m\]'* | '[\u@\h \W]\$ ')
    case ";${PROMPT_COMMAND-};" in
      *';outfit_prompt;'*) ;;
      *) PROMPT_COMMAND="outfit_prompt${PROMPT_COMMAND:+;$PROMPT_COMMAND}" ;;
    esac
    if [ -n "${SSH_CONNECTION-}" ]; then outfit_host='\h:'; else outfit_host=; fi
    if [ -n "${NO_COLOR-}" ] || [ "${TERM-dumb}" = dumb ]; then
      PS1=$outfit_host'\w${outfit_branch}${outfit_status} \$ '
    else
      PS1=$outfit_host'\[\e[36m\]\w\[\e[0m\]\[\e[33m\]${outfit_branch}\[\e[31m\]${outfit_status}\[\e[0m\] \$ '
    fi
    unset outfit_host
    ;;
esac
