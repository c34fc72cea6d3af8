# SPDX-License-Identifier: ISC
# Sourced by over-ssh.test and over-libssh.test: some of the end-to-end tests, the quick ones, once more over a real sshd by one transport. For all of them:
# see doc/ARCHITECTURE.md.

# over TRANSPORT TEST...
over() {
    local transport=$1 test n=0 bad=0 log runs
    log=$(mktemp "${TMPDIR:-/tmp}/sloverXXXXXX") || exit 99
    trap 'rm -f "$log"' EXIT
    shift
    echo "1..$#"
    for test; do
        n=$((n + 1))
        E2E_TRANSPORT=$transport bash "$srcdir/tests/e2e-$test.test" > "$log" 2>&1
        status=$?
        runs=$(sed -n "s/^# \([0-9]*\) runs over $transport\$/\1/p" "$log")
        if [ "$status" = 0 ] && [ "${runs:-0}" -gt 0 ]; then
            echo "ok $n - $test: $runs runs over $transport"
        elif [ "$status" = 0 ] && grep -q '^1\.\.0 # SKIP' "$log"; then
            echo "ok $n - $test $(grep -o '# SKIP.*' "$log")"
        else
            echo "not ok $n - $test over $transport: exit $status, ${runs:-no} runs"
            grep -v '^ok' "$log" | sed 's/^/#   /' | head -n 60
            bad=1
        fi
    done
    exit $bad
}
