#!/bin/sh
# Have a Chromium for the browser tests: install Debian's as root, else say what is missing.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
[ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -q && apt-get install -qy --no-install-recommends chromium && exit 0
fi
echo "No Chrome or Chromium was found: browser tests will be skipped. On Debian: sudo apt-get install chromium" >&2
