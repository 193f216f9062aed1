#!/bin/sh
# Run Depth Anything 3 and MoGe-2 by their authors' own packages, which name dozens of programs that depth does
# not need: they come without them, into a folder of their own.
#   tools/authors.sh PYTHON          (of the environment for development)
set -eu
python=$1
folder=build/authors
if [ ! -f "$folder/.ready" ]; then
    "$python" -m pip install --quiet --target "$folder" --no-deps depth-anything-3 dlr-moge dlr-utils3d \
        addict einops omegaconf "antlr4-python3-runtime==4.9.*" scipy
    touch "$folder/.ready"
fi
PYTHONPATH="src:$folder" "$python" -m pytest -q -p no:cacheprovider tests/nets/test_authors.py
