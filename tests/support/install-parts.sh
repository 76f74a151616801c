#!/usr/bin/env bash
# The real parts that the tests start: MariaDB, SIPp, Chromium, PHP and curl from Debian, and
# Asterisk 22.
# Run twice it does nothing. Without root it says so and leaves: the tests then skip what is
# missing, except under CI, where that is an error.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=()
command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] || packages+=(mariadb-server)
command -v sipp >/dev/null || packages+=(sip-tester)
command -v chromium >/dev/null || packages+=(chromium)
command -v chromedriver >/dev/null || packages+=(chromium-driver)
command -v php >/dev/null || packages+=(php-cli)
command -v curl >/dev/null || packages+=(curl)
command -v sqlite3 >/dev/null || packages+=(sqlite3)

if [ "$(id -u)" != 0 ]; then
    if [ ${#packages[@]} -gt 0 ] || [ ! -e .cache/asterisk/.whipbird-asterisk ]; then
        echo "Not root: the tests that need ${packages[*]:+${packages[*]} or }the real Asterisk are skipped; 'sudo make test' runs them all."
        [ -z "${CI:-}" ] || exit 1
    fi
    exit 0
fi

if [ ${#packages[@]} -gt 0 ]; then
    echo "installing ${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    # The tests start their own servers: Debian's must not start by themselves.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
    fi
    apt-get -qq -y --no-install-recommends install "${packages[@]}" >/dev/null
fi
tests/support/asterisk/install.sh .cache/asterisk
