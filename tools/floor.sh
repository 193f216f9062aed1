#!/bin/sh
# Test the oldest transformers that pyproject.toml allows beside the newest: networks, and files of the hub.
#   tools/floor.sh PYTHON            (of the environment for development)
set -eu
python=$1
floor=$(sed -n 's/.*"transformers>=\([0-9.]*\)".*/\1/p' pyproject.toml | head -n 1)
folder=build/floor-$floor
[ -d "$folder" ] || "$python" -m pip install --quiet --target "$folder" "transformers==$floor.*"
for path in "" "$folder"; do
    PYTHONPATH="src:$path" "$python" -c 'import transformers; print("transformers", transformers.__version__)'
    PYTHONPATH="src:$path" "$python" -m pytest -q -p no:cacheprovider tests/nets/test_transformers.py \
        tests/nets/test_midas_dpt.py tests/weights/test_hub.py
done
