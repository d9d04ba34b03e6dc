# folder (branch) status % - and nothing is started to draw it: the branch is read from .git/HEAD by the shell.
# Keep your own prompt instead with OUTFIT_PROMPT=0 above this block.

outfit_prompt_branch() {
  emulate -L zsh
  typeset -g outfit_branch=
  local folder=$PWD head git
  while [[ -n $folder ]]; do
    git=$folder/.git
    if [[ -f $git ]]; then
      IFS= read -r head <$git
      git=${head#gitdir: }
      [[ $git == /* ]] || git=$folder/$git
    fi
    if [[ -r $git/HEAD ]]; then
      IFS= read -r head <$git/HEAD || return 0
      if [[ $head == 'ref: refs/heads/'* ]]; then
        outfit_branch=" (${head#ref: refs/heads/})"
      else
        outfit_branch=" (${head[1,9]})"
      fi
      return 0
    fi
    folder=${folder%/*}
  done
}

# Only zsh's own default and Debian's are replaced.
if [[ ${OUTFIT_PROMPT-} != 0 && ( $PS1 == '%m%# ' || $PS1 == '%n@%m %1~ %# ' ) ]]; then
  autoload -Uz add-zsh-hook
  add-zsh-hook precmd outfit_prompt_branch
  setopt prompt_subst
  if [[ -n ${SSH_CONNECTION-} ]]; then outfit_host='%m:'; else outfit_host=; fi
  if [[ -n ${NO_COLOR-} || ${TERM-dumb} == dumb ]]; then
    PS1=$outfit_host'%~${outfit_branch}%(?.. [%?]) %# '
  else
    PS1=$outfit_host'%F{cyan}%~%f%F{yellow}${outfit_branch}%f%F{red}%(?.. [%?])%f %# '
  fi
  unset outfit_host
fi
