#!/bin/sh
# Unpack Asterisk 22 into DIR, to be run there with chroot. Nothing is installed on the machine.
#
# usage: install.sh DIR
#
# The stable release has no asterisk package, the suite named below has; it is taken from the
# mirror that this machine's apt is configured with. apt works on private state, so that the
# machine's own lists and packages stay as they are. DIR appears whole or not at all, and a
# second run finds the stamp in it and does nothing. Needs root (chroot, mknod) and network.
set -eu

SUITE=forky
PACKAGES="asterisk asterisk-config asterisk-core-sounds-en-gsm base-files libc-bin bash coreutils"
STAMP=.whipbird-asterisk

fail() {
    echo "asterisk for tests: $*" >&2
    exit 1
}

# "URI KEYRING" of the first apt source that is not a security archive; deb822, then one-line.
mirror() {
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] && awk '
            function flush() { if (uri != "" && suites !~ /-security/) { print uri, key; done = 1 }
                               uri = suites = key = "" }
            /^[[:space:]]*$/ { flush(); if (done) exit }
            /^URIs:/ { uri = $2 } /^Suites:/ { suites = $0 } /^Signed-By:/ { key = $2 }
            END { if (!done) flush() }' "$file"
    done
    [ -e /etc/apt/sources.list ] && awk '
        $1 == "deb" { key = ""; i = 2
            if ($2 ~ /^\[/) {
                while (i < NF && $i !~ /\]$/) i++
                i++
                if (match($0, /signed-by=[^] ]+/)) key = substr($0, RSTART + 10, RLENGTH - 10)
            }
            if ($(i + 1) !~ /-security/) print $i, key
        }' /etc/apt/sources.list
    return 0
}

[ $# -eq 1 ] || fail "usage: install.sh DIR"
case $1 in /*) target=$1 ;; *) target=$(pwd)/$1 ;; esac
if [ -e "$target/$STAMP" ]; then
    exit 0
fi
[ "$(id -u)" -eq 0 ] || fail "only root can unpack and run it (chroot); run this as root"
[ ! -e "$target" ] || fail "$target exists and is not ours: move it away"
for tool in apt-get dpkg-deb chroot tar; do
    command -v "$tool" >/dev/null || fail "$tool is missing: this works on Debian and its kin"
done

found=$(mirror | head -n 1)
uri=${found%% *}
[ -n "$uri" ] || fail "no mirror in /etc/apt/sources.list or /etc/apt/sources.list.d"
keyring=${found#* }
[ -n "$keyring" ] || keyring=/usr/share/keyrings/debian-archive-keyring.gpg

mkdir -p "$(dirname "$target")"
work=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
state=$work/apt
root=$work/root
mkdir -p "$state/lists/partial" "$state/archives/partial" "$root"
: > "$state/status"
# The suite's Release file may be older than it says it is good for.
echo "deb [signed-by=$keyring check-valid-until=no] $uri $SUITE main" > "$state/sources.list"

apt() {
    apt-get -qq -o Dir::State="$state" -o Dir::State::lists="$state/lists" \
        -o Dir::State::status="$state/status" -o Dir::Cache="$state" \
        -o Dir::Cache::archives="$state/archives" -o Dir::Etc::sourcelist="$state/sources.list" \
        -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o Acquire::Languages=none -o Acquire::Retries=2 -o APT::Update::Error-Mode=any \
        -o APT::Install-Recommends=false -o APT::Sandbox::User=root "$@" \
        > "$state/log" 2>&1 || fail "apt-get failed: $(grep -m 1 '^E:' "$state/log")"
}
apt update
# shellcheck disable=SC2086  # a list of words
apt install -y --download-only $PACKAGES

# base-files brings the links of the merged /usr, which the others must find in place.
dpkg-deb -x "$state"/archives/base-files_*.deb "$root"
for dir in bin sbin lib lib64; do
    mkdir -p "$root/usr/$dir"
    [ -e "$root/$dir" ] || ln -s "usr/$dir" "$root/$dir"
done
for deb in "$state"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink \
        --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/info \
        --exclude=./usr/share/locale --exclude=./usr/share/i18n
done

# What the packages' own scripts would have made.
ln -sfn en_US_f_Allison "$root/usr/share/asterisk/sounds/en"
mkdir -p "$root/dev" "$root/tmp" "$root/var/lib/asterisk/keys"
[ -e "$root/dev/null" ] || mknod -m 666 "$root/dev/null" c 1 3
[ -e "$root/dev/random" ] || mknod -m 666 "$root/dev/random" c 1 8
[ -e "$root/dev/urandom" ] || mknod -m 666 "$root/dev/urandom" c 1 9
[ -e "$root/etc/passwd" ] || echo "root:x:0:0:root:/root:/bin/sh" > "$root/etc/passwd"
[ -e "$root/etc/group" ] || echo "root:x:0:" > "$root/etc/group"
chroot "$root" /usr/sbin/ldconfig
version=$(chroot "$root" /usr/sbin/asterisk -V) || fail "the unpacked asterisk does not start"
echo "$version" > "$root/$STAMP"
chmod 755 "$root"
mv "$root" "$target" 2>/dev/null || [ -e "$target/$STAMP" ] || fail "cannot write $target"
echo "$version in $target"
