# Short names for what is typed all day. A name that you use for something else already is left alone.
outfit_alias() {
  alias "$1" >/dev/null 2>&1 || command -v "$1" >/dev/null 2>&1 || alias "$1=$2"
}
outfit_alias ll 'ls -lh'
outfit_alias la 'ls -lhA'
outfit_alias .. 'cd ..'
outfit_alias ... 'cd ../..'
outfit_alias g 'git'
outfit_alias gst 'git status --short --branch'
outfit_alias gd 'git diff'
outfit_alias glg 'git lg'
unset -f outfit_alias
