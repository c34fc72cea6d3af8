#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
#
# traced.sh ROOT < OUTPUT   checks what a server asked the system for, in the output of
#     strace -f -y -qq -xx -s 8192 -e trace=%file,%network,read,recvfrom,fchdir superlifter-server --stdio --root=ROOT
# From the first byte of the peer on each path must be one name below a directory below ROOT, or nothing (the descriptor itself), or
# ROOT, which is opened by its path when a peer attaches it. What else there may be is listed here, and nothing more:
#  - the user and group databases, which the C library reads to find owners' names (it also looks whether "/" is the same);
#  - ".", the directory itself once more, to read it;
#  - /proc/self/fd/N for chmod, where the kernel has no fchmodat2 (before Linux 6.6);
#  - /proc/self/fd/N/NAME and /proc/self/fd/N for attributes, of which the kernel has no calls by descriptor (tree/attrs.h);
#  - the target of a new symbolic link, which is a text;
#  - "..", opened only as a path (O_PATH) by a walk that comes back up from more than 64 directories.
# It prints "BAD ..." for everything else, "allowed ..." for those, and "checked N" in the end.
hex() { printf '%s' "$1" | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g'; }
ROOT_HEX=$(hex "$1") exec ${AWK:-awk} '
BEGIN {
    root = ENVIRON["ROOT_HEX"]
    for (i = 0; i < 16; i++) digit[substr("0123456789abcdef", i + 1, 1)] = i
}
function plain(h,    out, i) {
    for (i = 1; i <= length(h); i += 4)
        out = out sprintf("%c", digit[substr(h, i + 2, 1)] * 16 + digit[substr(h, i + 3, 1)])
    return out
}
function below_root(h) { return h == root || substr(h, 1, length(root) + 4) == root "\\x2f" }
function libc(path) {
    return path ~ "^/etc/(passwd|group|nsswitch.conf|ld.so.cache|localtime)$" || path ~ "^(/usr)?/lib[^.]*/libnss_[a-z]+[.]so" ||
        path ~ "^(/var)?/run/nscd/socket$" || path ~ "^/dev/log$"
}
function allow(what) { if (!(what in told)) print "allowed " what; told[what] = 1 }
function bad(why) { print "BAD " call ": " why ": " substr($0, 1, 200) }
function check(fd, h,    path) {
    path = plain(h)
    checked++
    if (h == "") {
        if (fd ~ "^\\\\x2f" && !below_root(fd) && !libc(plain(fd))) bad("descriptor of \"" plain(fd) "\"")
    } else if (h == "\\x2e\\x2e" && call == "openat" && /O_PATH/) {
        allow("..")
    } else if (path == "." && call == "openat" && below_root(fd)) {
        allow(".")
    } else if (path == "/" && call == "newfstatat") {
        allow("/, looked at")
    } else if (path == "." || path == "..") {
        bad("\"" path "\"")
    } else if (substr(path, 1, 1) != "/") {
        if (index(path, "/")) bad("more than one name, \"" path "\"")
        else if (!below_root(fd)) bad("\"" path "\" in \"" plain(fd) "\"")
    } else if (h == root || libc(path)) {
        allow(path)
    } else if (path ~ "^/proc/self/fd/[0-9]+$" && call == "chmod") {
        allow("/proc/self/fd/N for chmod")
    } else if (path ~ "^/proc/self/fd/[0-9]+(/[^/]+)?$" && call ~ /xattr$/) {
        allow("/proc/self/fd/N and one name in it, for attributes")
    } else {
        bad("\"" path "\"")
    }
}
{
    call = $0
    sub(/^[0-9]+ +/, "", call)
    args = call
    sub(/\(.*/, "", call)
    sub(/^[a-z0-9_]+\(/, "", args)
}
call ~ /^(read|recvfrom)$/ { if (args ~ /^0</ && $0 ~ /= [1-9][0-9]*$/) begun = 1; next }
# What a call that another process interrupted had to say was said when it began.
!begun || $0 ~ /\+\+\+|^[0-9]+ +---|^[0-9]+ +<[.][.][.] / { next }
call ~ /^(getsockname|getsockopt|setsockopt|socket|sendto|sendmsg|recvmsg|shutdown|getcwd|exit.*)$/ { next }
call ~ /^(execve|fchdir|chroot|chdir|accept.*|bind|listen)$/ { bad("is never called while serving"); next }
{
    fd = ""
    n = 0
    most = call ~ /^(rename|link)/ ? 2 : 1
    skip = call ~ /^symlink/ ? 1 : 0
    while (n < most && match(args, /[A-Z_0-9]+<[^>]*>|"[^"]*"|AT_FDCWD/)) {
        token = substr(args, RSTART, RLENGTH)
        args = substr(args, RSTART + RLENGTH)
        if (token ~ /^"/) {
            if (skip) { skip = 0; allow("the target of a link") }
            else { check(fd, substr(token, 2, length(token) - 2)); n++ }
        } else {
            fd = token
            if (!sub(/^[0-9]+</, "", fd)) fd = "the working directory"
            sub(/>$/, "", fd)
        }
    }
}
END { print "checked " checked + 0 }'
