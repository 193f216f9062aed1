#!/bin/sh
# Make a virtual environment from a lock (or several, in one word) and install this checkout into it.
#   environment.sh PYTHON FOLDER "LOCK..." [PACKAGE...]
# PACKAGEs are installed without hashes: PyTorch's builds differ from machine to machine.
set -eu
python=$1 folder=$2 locks=$3
shift 3

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "nearfar needs Python 3.11 or newer as '$python'. Install it, or run: make PYTHON=/path/to/python3" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -q && apt-get install -qy --no-install-recommends python3-venv
    else
        echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2
        exit 1
    fi
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
[ -x "$folder/bin/python" ] || "$python" -m venv --clear "$folder"
if [ $# -gt 0 ]; then
    "$folder/bin/python" -m pip install --quiet "$@"
fi
for lock in $locks; do
    "$folder/bin/python" -m pip install --quiet --require-hashes --requirement "$lock"
done
"$folder/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
touch "$folder/.ready"
