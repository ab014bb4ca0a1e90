#!/bin/sh
# Installs polyenv for you alone: no root, no Node.js. Run it again to update; --uninstall takes it away.
#   --version VERSION  this one instead of the newest
#   --dry-run          say what would be done, and do nothing
#   --no-setup         leave shims and your shell's start-up file as they are
#   --force            although another polyenv is on PATH
#   --uninstall        take polyenv away again
# POLYENV_UPDATE_URL names another place of the same releases; proxy variables are obeyed as curl and wget do.
set -eu
LC_ALL=C
export LC_ALL
base=${POLYENV_UPDATE_URL:-@BASE@}
base=${base%/}
oldest_glibc=2.28
# Who may sign SHA256SUMS, in base64; the test key only for a server of this machine, since its secret part is public.
keys='@KEYS@'
test_key='@TEST_KEY@'

say() { printf '%s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$1" >&2
    [ -z "${2-}" ] || printf '  try  %s\n' "$2" >&2
    exit "${3:-1}"
}

version='' dry='' uninstall='' force='' setup=1
while [ $# -gt 0 ]; do
    case $1 in
    --version)
        [ $# -ge 2 ] || fail '--version needs a version' 'install.sh --version 1.2.3' 2
        version=$2
        shift
        ;;
    --dry-run | -n) dry=1 ;;
    --no-setup) setup='' ;;
    --force) force=1 ;;
    --uninstall) uninstall=1 ;;
    --help | -h)
        sed -n '2,9s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *) fail "install.sh has no option $1" 'install.sh --help' 2 ;;
    esac
    shift
done

newline='
'
home=${POLYENV_HOME-}
if [ -z "$home" ]; then
    case ${XDG_DATA_HOME-} in
    /*) home=$XDG_DATA_HOME/polyenv ;;
    *)
        [ -n "${HOME-}" ] || fail 'HOME is not set, so there is no folder to install into' 'POLYENV_HOME=/path sh install.sh' 3
        home=$HOME/.local/share/polyenv
        ;;
    esac
fi
case $home in
*"$newline"*) fail 'the folder to install into has a line break in its name' 'POLYENV_HOME=/another/path sh install.sh' 3 ;;
/*) ;;
*) fail "the folder to install into is no absolute path: $home" 'POLYENV_HOME=/path sh install.sh' 3 ;;
esac

if [ -n "$uninstall" ]; then
    [ -x "$home/bin/polyenv" ] || fail "there is no polyenv in $home" '' 1
    if [ -n "$dry" ]; then exec "$home/bin/polyenv" self uninstall --dry-run; fi
    exec "$home/bin/polyenv" self uninstall --yes
fi

case $(uname -s) in
Linux) os=linux ;;
Darwin) os=darwin ;;
*) fail "polyenv has no release for $(uname -s)" 'on Windows use WSL: polyenv help wsl' 4 ;;
esac
case $(uname -m) in
x86_64 | amd64) cpu=x64 ;;
aarch64 | arm64) cpu=arm64 ;;
*) fail "polyenv has no release for the processor $(uname -m)" '' 4 ;;
esac
# A shell under Rosetta says x86_64 on an arm64 machine.
if [ "$os-$cpu" = darwin-x64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || echo 0)" = 1 ]; then cpu=arm64; fi
libc=''
if [ "$os" = linux ]; then
    glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc //p') || glibc=''
    if [ -z "$glibc" ]; then
        for loader in /lib/ld-musl-*; do if [ -e "$loader" ]; then libc=-musl; fi; done
    else
        have=$(printf '%s' "$glibc" | awk -F. '{ print $1 * 1000 + $2 }')
        need=$(printf '%s' "$oldest_glibc" | awk -F. '{ print $1 * 1000 + $2 }')
        [ "$have" -ge "$need" ] ||
            fail "this system has glibc $glibc, and polyenv's Node.js needs $oldest_glibc or later" \
                'with a Node.js that runs here: npm install -g polyenv' 4
    fi
fi
platform=$os-$cpu$libc

other=$(command -v polyenv 2>/dev/null) || other=''
case $other in
'' | "$home"/*) ;;
*) [ -n "$force" ] || fail "another polyenv is on PATH: $other" 'take that one away first (npm uninstall -g polyenv), or: install.sh --force' 1 ;;
esac

if command -v curl >/dev/null 2>&1; then
    get() {
        case $1 in
        https:*) curl --proto '=https' --fail --silent --show-error --location --output "$2" -- "$1" ;;
        *) curl --fail --silent --show-error --location --output "$2" -- "$1" ;;
        esac
    }
elif command -v wget >/dev/null 2>&1; then
    get() { wget -q -t 3 -O "$2" "$1"; }
else
    fail 'neither curl nor wget is here to download with' 'install curl, then run this again' 1
fi
# Whether releases come from a server of this machine, as `http://localhost.HOST` and `http://localhost:1@HOST` do not.
is_here() {
    case $base in http://*) ;; *) return 1 ;; esac
    server=${base#http://}
    server=${server%%/*}
    case ${server##*:} in
    '' | *[!0-9]*) ;;
    *) server=${server%:*} ;;
    esac
    case $server in 127.0.0.1 | localhost | '[::1]') ;; *) return 1 ;; esac
}
case $base in
https://*) ;;
*) is_here || fail "releases are fetched over https only: $base" 'POLYENV_UPDATE_URL=https://HOST/releases sh install.sh' 2 ;;
esac
if command -v sha256sum >/dev/null 2>&1; then
    digest() { sha256sum <"$1" | cut -d ' ' -f 1; }
elif command -v shasum >/dev/null 2>&1; then
    digest() { shasum -a 256 <"$1" | cut -d ' ' -f 1; }
elif command -v openssl >/dev/null 2>&1; then
    digest() { openssl dgst -sha256 -r <"$1" | cut -d ' ' -f 1; }
else
    fail 'nothing is here that computes a SHA-256 digest' 'install coreutils, then run this again' 1
fi

# The list of digests by its signature, where there is a key and a program for it. Afterwards polyenv itself checks every update.
check_signature() {
    if is_here; then keys="$keys $test_key"; fi
    if [ -z "$keys" ]; then
        say 'the signature of SHA256SUMS is not checked: no key has been made for releases yet'
        return
    fi
    for program in gpgv base64; do
        command -v "$program" >/dev/null 2>&1 || {
            say "the signature of SHA256SUMS is not checked: $program is not here"
            return
        }
    done
    get "$base/$version/SHA256SUMS.asc" "$temporary/signature" ||
        fail "$base/$version/SHA256SUMS.asc cannot be fetched, so nobody vouches for SHA256SUMS; nothing was installed" 'run this again; if it stays, report it' 6
    : >"$temporary/keys"
    for key in $keys; do printf '%s\n' "$key" | base64 -d >>"$temporary/keys"; done
    gpgv --keyring "$temporary/keys" "$temporary/signature" "$temporary/sums" 2>"$temporary/said" ||
        fail "the signature of SHA256SUMS does not hold; nothing was installed
$(sed 's/^/  /' "$temporary/said")" 'run this again; if it stays, report it' 6
    say 'the signature of SHA256SUMS holds'
}

# Everything is made in a folder of its own, and becomes real by one rename.
parent=$home
while [ ! -d "$parent" ]; do parent=$(dirname -- "$parent"); done
[ -w "$parent" ] || fail "$parent cannot be written" 'POLYENV_HOME=/another/path sh install.sh' 1
temporary=$(mktemp -d "${TMPDIR:-/tmp}/polyenv.XXXXXX") || fail 'no temporary folder can be made' 'TMPDIR=/path sh install.sh' 1
new=''
clean() {
    rm -rf "$temporary"
    if [ -n "$new" ]; then rm -rf "$new"; fi
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ -z "$version" ]; then
    get "$base/latest" "$temporary/latest" || fail "$base/latest cannot be fetched" 'check the network and HTTPS_PROXY, or set POLYENV_UPDATE_URL' 5
    version=$(cat "$temporary/latest")
fi
case $version in
*[!0-9A-Za-z.+-]* | '' | [!0-9]*) fail "\"$version\" is no version of polyenv" 'install.sh --version 1.2.3' 2 ;;
esac
tree=polyenv-$version-$platform
format=tar.gz
if command -v xz >/dev/null 2>&1; then format=tar.xz; fi
archive=$tree.$format
target=$home/self/$version

if [ -n "$dry" ]; then
    say "would fetch $base/$version/$archive"
    say "would check it against $base/$version/SHA256SUMS, and that by its signature where gpgv is here"
    say "would unpack it into $target"
    [ -z "$setup" ] || say "would run polyenv setup: shims in $home/shims, and the line for your shell's start-up file"
    exit 0
fi

if [ ! -d "$target" ]; then
    say "fetching polyenv $version for $platform"
    get "$base/$version/SHA256SUMS" "$temporary/sums" || fail "$base/$version/SHA256SUMS cannot be fetched" 'is there such a version?' 5
    check_signature
    wanted=$(awk -v name="$archive" '{ sub(/^\*/, "", $2) } $2 == name { print $1; exit }' "$temporary/sums")
    [ -n "$wanted" ] || fail "polyenv $version has no release for $platform" 'with Node.js: npm install -g polyenv' 4
    get "$base/$version/$archive" "$temporary/archive" || fail "$base/$version/$archive cannot be fetched whole" 'run this again' 5
    got=$(digest "$temporary/archive")
    [ "$got" = "$wanted" ] || fail "what was fetched is not what SHA256SUMS promises; nothing was installed
  promised $wanted
  fetched  $got" 'run this again; if it stays, report it' 6
    mkdir -p "$home/self" || fail "$home cannot be written" 'POLYENV_HOME=/another/path sh install.sh' 1
    new=$(mktemp -d "$home/self/.new.XXXXXX") || fail "$home/self cannot be written" 'POLYENV_HOME=/another/path sh install.sh' 1
    if [ "$format" = tar.xz ]; then
        xz -dc "$temporary/archive" >"$temporary/tar" || fail 'the archive cannot be unpacked: is the disk full?' 'df -h' 1
    else
        gzip -dc <"$temporary/archive" >"$temporary/tar" || fail 'the archive cannot be unpacked: is the disk full?' 'df -h' 1
    fi
    tar -xf "$temporary/tar" -C "$new" || fail 'the archive cannot be unpacked: is the disk full?' 'df -h' 1
    "$new/$tree/bin/polyenv" --version >/dev/null || fail "polyenv $version does not start on this system" '' 1
    mv "$new/$tree" "$target"
    say "wrote $target"
fi

if [ -n "$setup" ]; then
    POLYENV_HOME=$home "$target/bin/polyenv" setup --yes
else
    say "to use it: \"$target/bin/polyenv\" setup"
fi
say "polyenv $version is installed; to take it away: sh install.sh --uninstall, or polyenv self uninstall"
