#!/bin/sh
# Check pinned versions against an advisory database that is given as a file (OSV's form): tools/audit.py says which.
#   tools/audit.sh ADVISORIES [--ignore ID]... [--json]
# OSV publishes one for each ecosystem as a ZIP: .../PyPI/all.zip and .../npm/all.zip of osv-vulnerabilities. Nothing is
# fetched here, so that the check runs where there is no network, and says the same twice.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { sed -n '2,3p' "$0" >&2; exit 2; }
python=.venv-dev/bin/python
[ -x "$python" ] || python=python3
exec "${PYTHON:-$python}" tools/audit.py "$@"
