#!/bin/sh
# Run all tests but the long ones, then say what was skipped and why.
#   test.sh PYTHON
set -u
cd "$(dirname "$0")/.." || exit 1
NEARFAR_LAB_SKIPS=$(mktemp)
export NEARFAR_LAB_SKIPS
trap 'rm -f "$NEARFAR_LAB_SKIPS"' EXIT
status=0
"$1" -m pytest -n 2 -m "not browser and not soak" || status=1
"$1" -m pytest -m "browser and not soak" tests/browser || status=1

echo
echo "Left out: the long tests (make soak, make fuzz)."
if [ -s "$NEARFAR_LAB_SKIPS" ]; then
    echo "Skipped:"
    sort "$NEARFAR_LAB_SKIPS" | uniq -c
else
    echo "Skipped: none."
fi
[ "$status" = 0 ] || echo "Some tests failed: see above."
exit "$status"
