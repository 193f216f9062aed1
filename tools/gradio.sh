#!/bin/sh
# Run the tests of the Gradio app against the real Gradio, whose wishes (an older Pillow among them) are not ours: in
# an environment of its own.
#   tools/gradio.sh PYTHON
set -eu
cd "$(dirname "$0")/.."
folder=build/gradio
if [ ! -f "$folder/.ready" ]; then
    "$1" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet gradio pytest pytest-timeout .
    touch "$folder/.ready"
fi
PYTHONPATH=src "$folder/bin/python" -m pytest -q -p no:cacheprovider -W ignore tests/integrations/test_gradio.py
