#!/bin/sh
# Have what the page's own tests need: Node, and the packages in web/node_modules. Where they cannot be had, say so.
#   node.sh FOLDER      a virtual environment; Node goes into it where this machine has none or an old one
set -u
PATH=$(cd "$1/bin" && pwd):$PATH || exit 1
cd "$(dirname "$0")/.." || exit 1

# The oldest that the page's tools run on is in web/package.json, too.
is_node_here() {
    command -v npm >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

bring_node() {
    is_node_here && return
    python -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
        --require-hashes --requirement requirements/node.txt && is_node_here && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    apt-get update -q && apt-get install -qy --no-install-recommends nodejs npm && is_node_here
}

bring_packages() {
    [ web/node_modules/.package-lock.json -nt web/package-lock.json ] && return
    (cd web && npm ci --no-audit --no-fund --loglevel error)
}

if ! bring_node; then
    echo "No Node 20.19 with npm, neither here nor by pip or apt: the page's own tests will be skipped." >&2
elif ! bring_packages; then
    echo "npm could not bring the packages of web/: the page's own tests will be skipped." >&2
fi
exit 0
