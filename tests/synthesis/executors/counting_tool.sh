#!/bin/sh
# A tool that measures how many of it run at once. counting_tool.sh FOLDER ID SECONDS LINGER
# Every run leaves a file in started/ and one in finished/; the highest count that any run saw names a file in seen/.
# No lock: a run first shows itself (mkdir is atomic), then counts, so of two that overlap the later sees both.
parent() { read -r _ _ _ parent _ <"/proc/$$/stat"; echo "$parent"; }
started_by=$(parent)
mkdir "$1/running/$$"
count=0
for other in "$1"/running/*; do
    # The place of a run that was killed is still there. A process that the kernel is ending (PF_EXITING, 4, of the
    # flags in proc(5)) or that waits to be reaped runs nothing, and its files, hence its licence, are being closed.
    if read -r _ _ _ _ _ _ _ _ flags _ 2>/dev/null <"/proc/${other##*/}/stat"; then
        if [ $((flags & 4)) -eq 0 ]; then count=$((count + 1)); fi
    fi
done
: > "$1/seen/$count"
# What it starts itself dies with it, as under a supervisor: it is started once that is so.
setpriv --pdeathsig KILL sh -c ': > "$1"; exec sleep "$2"' run "$1/started/$2.$$" "$3"
# Without its worker it goes on for LINGER seconds, as a tool does whose supervisor is slow to end it.
[ "$(parent)" = "$started_by" ] || sleep "$4"
echo "$2" > "$1/finished/$2.$$"
rmdir "$1/running/$$"
