# SPDX-License-Identifier: ISC
# Sourced by tests of runs with several connections, behind lib.sh: a listener whose log tells which sessions did something, and the killing of some.

noise() { openssl enc -aes-128-ctr -pass "pass:$2" -nosalt -pbkdf2 -iter 1 < /dev/zero 2> /dev/null | head -c "$1"; }

# What the listener's sessions did since the mark: a line each, "made read", of those that are over.
mark() { marked=$(wc -l < "$T/daemon.log"); }
sessions() { tail -n "+$((marked + 1))" "$T/daemon.log" | sed -n 's/.* session .* read=\([0-9]*\) made=\([0-9]*\) .*/\2 \1/p'; }
# worked COLUMN: how many sessions did more than the first's few.
worked() { sessions | awk -v c="$1" '$c >= 2' | wc -l; }
# over: none is left of the listener's sessions; also those whose client is gone need a moment to notice.
over() { local i; for ((i = 0; i < 400; i++)); do [ -n "$(pgrep -P "$daemon_pid")" ] || return 0; sleep 0.05; done; return 1; }
# sessions_now: the processes of the listener's sessions, in the order that they began (their numbers may have started again meanwhile).
sessions_now() { ps --ppid "$daemon_pid" -o pid= --sort=start_time,pid; }

# listen_with LINE... [-- LINE...]: for the whole server, and for the module.
listen_with() {
    local lines=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do lines+=("$1"); shift; done
    printf '%s\n' "user = $network_user" "${lines[@]}" '[m]' "path = $T/srv" 'anonymous = yes' 'allow = full' "${@:2}" > "$T/conf"
    start_daemon --config="$T/conf"
}
listen() { listen_with -- "$@"; }
empty() { rm -rf "$1"; mkdir "$1"; to_network "$1"; }

# killing CLIENT [SPARED]: ends sessions but the first (or that many) of the run by SIGKILL until the client is done; prints how many.
killing() {
    local client=$1 spared=${2:-1} n=0 all
    while kill -0 "$client" 2> /dev/null; do
        all=($(sessions_now))
        if [ "${#all[@]}" -gt $((spared + 1)) ] && kill -9 "${all[$((spared + RANDOM % (${#all[@]} - spared)))]}" 2> /dev/null; then n=$((n + 1)); fi
        sleep 0.0$((1 + RANDOM % 9))
    done
    echo $n
}
