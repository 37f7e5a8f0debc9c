#!/bin/sh
# A tool that measures how many of it run at once. counting_tool.sh FOLDER ID SECONDS
# Every run leaves a file in started/ and one in finished/; the highest count that any run saw names a file in seen/.
# No lock: a run first shows itself (mkdir is atomic), then counts, so of two that overlap the later sees both.
mkdir "$1/running/$$"
count=0
for other in "$1"/running/*; do
    # The place of a run that was killed is still there; it counts while its process lives.
    if kill -0 "${other##*/}" 2>/dev/null; then count=$((count + 1)); fi
done
: > "$1/seen/$count"
: > "$1/started/$2.$$"
# What it starts itself dies with it, as under a supervisor.
setpriv --pdeathsig KILL sleep "$3"
echo "$2" > "$1/finished/$2.$$"
rmdir "$1/running/$$"
