#!/bin/sh
# Have a Chromium for the browser tests, and a Firefox with a display: install Debian's as root, else say what is missing.
set -eu
find_one() {
    for name in "$@"; do command -v "$name" >/dev/null && return 0; done
    return 1
}

bring() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    apt-get update -q && apt-get install -qy --no-install-recommends "$@"
}

find_one chromium chromium-browser google-chrome google-chrome-stable ||
    [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] || bring chromium ||
    echo "No Chrome or Chromium was found: browser tests will be skipped. On Debian: sudo apt-get install chromium" >&2
{ find_one firefox-esr firefox && find_one Xvfb; } || bring firefox-esr xvfb ||
    echo "No Firefox with Xvfb was found: its tests will be skipped. On Debian: sudo apt-get install firefox-esr xvfb" >&2
