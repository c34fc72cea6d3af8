# SPDX-License-Identifier: ISC
# Sourced by lib.sh where E2E_TRANSPORT is ssh or libssh: what a test runs with -e SCRIPT (of rsh_script) then goes over a real sshd, by that
# transport. SL becomes a program that puts --transport, --ssh-config and --remote-path in the place of such an -e, and SCRIPT runs behind
# sshd, in the directory and with the environment of the client, as if it were its child. Every other argument stays.
#
# Set here: SL, by_client (the program itself). A test that chooses its transports, or whose subject is the program of -e, says
# SL=${by_client:-$SL} and is not changed.

by_client=$SL
by_dir=$T/.by

# by_sshd: an sshd for all of a test's runs, whose host is whatever the test calls it; its files are out of the test's sight.
by_sshd() {
    local T=$by_dir RSH="ssh -F $by_dir/ssh_config"
    mkdir "$T" && start_sshd by && ssh_host '*' "$sshd_port"
}

has_sshd || { echo "1..0 # SKIP $why_no_sshd"; exit 0; }
[ "$E2E_TRANSPORT" = ssh ] || has_libssh || { echo "1..0 # SKIP built without libssh"; exit 0; }
by_sshd || { echo "Bail out! $why_no_sshd"; exit 99; }

cat > "$by_dir/superlifter" << SCRIPT
#!/bin/bash
# rsh SCRIPT: the words in its place.
rsh() {
    if [[ \$1 == */* ]] && [ -f "\$1" ] && grep -qsx '# rsh_script' "\$1"; then
        { export -p; printf 'cd %q && exec %q h superlifter-server\n' "\$PWD" "\$1"; } > "$by_dir/run.\$\$"
        words+=(--transport=$E2E_TRANSPORT --ssh-config="$by_dir/ssh_config" --remote-path="exec bash $by_dir/run.\$\$")
    elif [ "\$1" = "$RSH" ]; then
        words+=(--transport=$E2E_TRANSPORT --ssh-config="$T/ssh_config")
    else
        words+=(-e "\$1")
    fi
}
words=()
while [ \$# -gt 0 ]; do
    case \$1 in
    --) words+=("\$@"); break ;;
    -e) [ \$# -gt 1 ] || { words+=(-e); break; }
        rsh "\$2"; shift ;;
    --rsh=*) rsh "\${1#--rsh=}" ;;
    *) words+=("\$1") ;;
    esac
    shift
done
exec -a "\$0" "$by_client" "\${words[@]}"
SCRIPT
chmod 755 "$by_dir/superlifter"
SL=$by_dir/superlifter
