#!/bin/sh
# Install nearfar into a virtual environment of its own and take out what no run of it reads.
#   install.sh FOLDER          (within the build of the image; PIP_OPTIONS are passed to pip; VIDEO=: no PyAV)
set -eu
app=$1
here=$(dirname "$0")
if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    apt-get update -q
    apt-get install -qy --no-install-recommends python3 python3-venv ca-certificates binutils
fi
python3 -m venv "$here/tools"
python3 -m venv --without-pip "$app"
pip="$here/tools/bin/pip --disable-pip-version-check --no-cache-dir --python $app/bin/python"
# shellcheck disable=SC2086 # options are words
$pip install --quiet ${PIP_OPTIONS:-} --require-hashes --no-compile --requirement "$here/requirements/base.txt"
if [ -n "${VIDEO-yes}" ]; then
    # shellcheck disable=SC2086 # options are words
    $pip install --quiet ${PIP_OPTIONS:-} --require-hashes --no-compile --requirement "$here/requirements/video.txt"
fi
for name in pyproject.toml README.md LICENSE; do mv "$here/wheels/$name" "$here/source/"; done
$pip install --quiet --no-compile --no-deps --no-build-isolation --no-index "$here/source"
# What only builds the package is not wanted where it runs; pip says so if anything else needed it.
$pip uninstall --quiet --yes hatchling editables trove-classifiers pathspec pluggy tomlkit
$pip check

site=$("$app/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
rm -rf "$site/nearfar_lab" "$app/bin/nearfar-lab"
# Tests, type stubs, C headers, and the command-line tools of onnxruntime and NumPy.
find "$site" -type d -name tests -prune -exec rm -rf {} +
find "$site" -type f \( -name '*.pyi' -o -name '*.a' -o -name '*.h' -o -name '*.pxd' \) -delete
rm -rf "$site/onnxruntime/transformers" "$site/onnxruntime/tools" "$site/onnxruntime/backend" \
    "$site/onnxruntime/datasets" "$site/numpy/f2py" "$site/numpy/distutils"
# NumPy's test of its own vector code, and the grammars that only colour source code in a terminal.
rm -f "$site"/numpy/_core/_simd.*.so "$site"/numpy/_core/_*_tests.*.so
find "$site/pygments/lexers" -name '*.py' ! -name '__init__.py' ! -name '_mapping.py' ! -name 'python.py' \
    ! -name 'special.py' -delete
# A second copy of the runtime, for programs in C: Python's module has its own within.
rm -f "$site"/onnxruntime/capi/libonnxruntime.so.*
# Pillow's own modules carry their symbols; libraries that were bundled must not be touched.
if command -v strip >/dev/null; then strip --strip-unneeded "$site"/PIL/*.so; fi
