#!/bin/sh
# Adds manual pages, and completions for bash, zsh and fish, to a tree of `tree.sh`.
#
#   scripts/share.sh BUILD TREE      BUILD: the folder of the executables; TREE: the tree
#
# The pages are made by argument-parser's own program from what the verbs say of themselves.
set -eu
cd "$(dirname "$0")/.."

build=$(cd "$1" && pwd)
tree=$2
package=.build/checkouts/swift-argument-parser
scratch=.build/manual

mkdir -p "$tree/share/man/man1" "$tree/share/bash-completion/completions" "$tree/share/zsh/site-functions" \
  "$tree/share/fish/vendor_completions.d"
"$build/outfit" --generate-completion-script bash >"$tree/share/bash-completion/completions/outfit"
"$build/outfit" --generate-completion-script zsh >"$tree/share/zsh/site-functions/_outfit"
"$build/outfit" --generate-completion-script fish >"$tree/share/fish/vendor_completions.d/outfit.fish"

if [ ! -x "$scratch/release/generate-manual" ]; then
  "${SWIFT:-swift}" build -c release --package-path "$package" --scratch-path "$scratch" --product generate-manual >&2
fi
time=$(git log -1 --format=%ct 2>/dev/null || echo 0)
time=${SOURCE_DATE_EPOCH:-$time}
"$scratch/release/generate-manual" "$build/outfit" --multi-page --section 1 --output-directory "$tree/share/man/man1" \
  --date "$(date -u -d "@$time" +%Y-%m-%d 2>/dev/null || date -u -r "$time" +%Y-%m-%d)" >&2
