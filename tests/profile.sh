#!/usr/bin/env bash
# Where the instructions of a round go: tests/profile.sh [features|hold|event|sign-in]. Needs valgrind. Instructions are
# counted, not timed, so the figures are the same on a busy machine. What signing in 100 users takes is subtracted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly ROUND=${1:-features} FEW=100 MANY=2100
program=$(cargo bench --quiet --package ctigate-tests --bench rounds --no-run --message-format json 2>/dev/null |
    grep --only-matching '"executable":"[^"]*rounds[^"]*"' | cut -d '"' -f 4)
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
count() {
    valgrind --tool=callgrind --callgrind-out-file="$folder/$1" "$program" "$ROUND" "$1" 2>"$folder/log"
    sed -n 's/^summary: //p;s/^totals: //p' "$folder/$1" | head -1
}
few=$(count "$FEW") many=$(count "$MANY")
echo "$ROUND: $(((many - few) / (MANY - FEW))) instructions a round (of $MANY and $FEW rounds)"
callgrind_annotate "$folder/$MANY" | sed -n '/Ir/,$p' | head -"${LINES_SHOWN:-45}"
