# SPDX-License-Identifier: ISC
# For the benchmarks: a daemon of rsync and one of superlifter on loopback, and one run of either with its figures. Sourced by bash.
#
# Set here: work (a scratch directory, beside $1 or in BENCH_TMP), top, SL, SLD. SL and SLD may name the programs, else those of ./build are
# taken. Needs rsync 3.2 or later. CPU is user and system time of the client, and of the daemon's finished children
# (/proc/PID/stat, fields 16 and 17).
set -euo pipefail
export LC_ALL=C
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SL=${SL:-$top/build/client/superlifter} SLD=${SLD:-$top/build/subsystem/superlifter-server}
work=$(mktemp -d "${BENCH_TMP:-$(dirname "$1")}/bench.XXXXXX")
daemons=()
trap '[ ${#daemons[@]} = 0 ] || kill "${daemons[@]}" 2>/dev/null; rm -rf "$work"' EXIT
tick=$(getconf CLK_TCK)

free_port() { local p; while p=$((20000 + RANDOM)); (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; do :; done; echo $p; }

start_daemons() {
    local user
    user=$([ "$(id -u)" = 0 ] && echo root || id -un)
    rsync_port=$(free_port) sl_port=$(free_port)
    printf 'uid = %s\nuse chroot = no\nmunge symlinks = no\n[b]\npath = %s\nread only = no\n' "$user" "$work" > "$work/rsyncd.conf"
    printf 'user = %s\nlisten = 127.0.0.1:%s\n[b]\npath = %s\nanonymous = yes\nallow = full\n' "$user" "$sl_port" "$work" > "$work/sl.conf"
    rsync --daemon --no-detach --address=127.0.0.1 --port="$rsync_port" --config="$work/rsyncd.conf" & daemons+=($!)
    "$SLD" --daemon --no-detach --config="$work/sl.conf" 2>/dev/null & daemons+=($!)
    sleep 0.5
}

children_cpu() { awk -v t="$tick" '{ sub(/.*\) /, ""); print ($14 + $15) / t }' "/proc/$1/stat"; }

# one TOOL SOURCE DESTINATION [OPTION...]: pushes SOURCE/ to the directory DESTINATION of $work; TOOL is rsync or superlifter.
# A line: microseconds, CPU seconds, bytes sent, bytes received.
one() {
    local tool=$1 source=$2 destination=$3 pid before after start end
    shift 3
    local cmd=(rsync -a --stats "$@" "$source/" "rsync://127.0.0.1:$rsync_port/b/$destination/")
    pid=${daemons[0]}
    [ "$tool" = rsync ] || { pid=${daemons[1]}; cmd=("$SL" -a --stats "$@" "$source/" "superlifter://127.0.0.1:$sl_port/b/$destination/"); }
    sync -f "$work"
    before=$(children_cpu "$pid")
    start=$(date +%s%N)
    TIMEFORMAT='%U %S'
    { time "${cmd[@]}" > "$work/out"; } 2> "$work/cpu" || { cat "$work/cpu" >&2; exit 1; }
    end=$(date +%s%N)
    sleep 0.2
    after=$(children_cpu "$pid")
    awk -v us=$(((end - start) / 1000)) -v before="$before" -v after="$after" '
        FILENAME ~ /cpu$/ { cpu = $1 + $2 }
        /^Total bytes sent/ { gsub(",", ""); sent = $4 }
        /^Total bytes received/ { gsub(",", ""); received = $4 }
        END { printf "%d %.2f %.0f %.0f\n", us, cpu + after - before, sent, received }' "$work/cpu" "$work/out"
}

median() { sort -n | awk -v OFMT=%.15g '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# row CASE LABEL FILE: the medians of FILE's lines.
row() {
    printf '%-10s %-16s wall %9.3f s  cpu %7.2f s  sent %12d  received %12d\n' "$1" "$2" "$(awk '{ print $1 / 1e6 }' "$3" | median)" \
        "$(awk '{ print $2 }' "$3" | median)" "$(awk '{ print $3 }' "$3" | median)" "$(awk '{ print $4 }' "$3" | median)"
}
