#!/bin/sh
# SPDX-License-Identifier: ISC
# An example of reading superlifter --json: copies, then tells in a few lines what happened, for a mail or a monitor.
#
#   json-example.sh [OPTION]... SRC... DST
#
# It needs jq. The lines are described in superlifter(1) and, for programs, in superlifter-json.schema.json.
set -eu
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
status=0
"${SUPERLIFTER:-superlifter}" --json "$@" > "$lines" || status=$?

jq -r -s --argjson status "$status" '
    # A name that is no UTF-8 is escaped in .path, and whole in .path_b64.
    def name: if .path_b64 then .path + " (not UTF-8)" else .path end;
    def size: if . < 1e6 then "\(. / 1e3 | floor) kB" else "\(. / 1e6 | floor) MB" end;

    (map(select(.type == "summary")) | last // {}) as $summary
    | "exit status \($status)\(if $summary.dry_run then ", nothing was changed (dry run)" else "" end)",
      (map(select(.type == "entry" and .action != "none")) | group_by(.action)[]
        | "\(.[0].action): \(length), \(map(.size) | add | size)"),
      (.[] | select(.type == "entry" and .action == "delete") | "deleted: \(name)"),
      (.[] | select(.type == "error" or .type == "warning")
        | "\(.type) \(.code) at \(.side)\(if .path then ", \(name)" else "" end): \(.message)"),
      (if $summary.elapsed_ms then "\($summary.wire_out + $summary.wire_in | size) on the wire in \($summary.elapsed_ms) ms" else empty end)
' "$lines"
exit "$status"
