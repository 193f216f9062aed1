#!/bin/sh
# The whole way under an emulated arm64 processor (Cortex-A72, as in a Raspberry Pi 4), and the map that comes of it
# beside this machine's. Needs Debian's debootstrap and qemu-user-static, root, and pip's index.
#   arm64.sh PYTHON [FOLDER]
set -eu
cd "$(dirname "$0")/.."
python=${1:-python3} work=${2:-build/arm64}
for tool in debootstrap qemu-aarch64-static dpkg-deb; do
    if ! command -v "$tool" >/dev/null; then
        echo "arm64.sh: $tool is not installed; on Debian: apt-get install debootstrap qemu-user-static" >&2
        exit 2
    fi
done
if [ "$(id -u)" != 0 ]; then
    echo "arm64.sh: debootstrap needs root" >&2
    exit 2
fi
mkdir -p "$work/wheels"
if [ ! -x "$work/root/usr/bin/python3.11" ]; then
    debootstrap --foreign --arch=arm64 --variant=minbase --include=python3,libgomp1 bookworm "$work/root"
    for package in "$work"/root/var/cache/apt/archives/*.deb; do dpkg-deb -x "$package" "$work/root"; done
fi
# onnxruntime reads which processor it runs on: without this it sees the host's, and falls over
mkdir -p "$work/root/proc"
for core in 0 1; do
    printf 'processor\t: %s\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\n' "$core"
    printf 'CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n'
done >"$work/root/proc/cpuinfo"
if [ ! -d "$work/site" ]; then
    "$python" -c "
import json
for row in json.load(open('requirements/arm64.json')).values(): print('=='.join(row['file'].split('-')[:2]))" >"$work/names"
    "$python" -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 -d "$work/wheels" \
        --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux_2_17_aarch64 \
        --platform manylinux2014_aarch64 -r "$work/names"
    rm -rf "$work/site.part"
    for wheel in "$work"/wheels/*.whl; do "$python" -m zipfile -e "$wheel" "$work/site.part"; done
    mv "$work/site.part" "$work/site" # whole: what was broken off is not taken for it
fi
photo=src/nearfar/assets/samples/$(ls src/nearfar/assets/samples | grep -m1 '\.jpg$')
for precision in float32 int8; do
    PYTHONPATH="src:$work/site" NEARFAR_THREADS=1 NEARFAR_HOME="$work/home" QEMU_LD_PREFIX="$work/root" \
        qemu-aarch64-static -cpu cortex-a72 -L "$work/root" "$work/root/usr/bin/python3.11" -m nearfar "$photo" \
        --precision "$precision" -o "$work/arm64.png" --raw "$work/arm64.npy" --overwrite
    PYTHONPATH=src "$python" -m nearfar "$photo" --precision "$precision" -o "$work/here.png" \
        --raw "$work/here.npy" --overwrite
    "$python" -c "
import sys, numpy as np
there, here = (np.load(f'$work/{name}.npy') for name in ('arm64', 'here'))
apart = abs(there - here) / np.ptp(here)
print(f'$precision: {here.shape[1]}×{here.shape[0]} values, largest difference {apart.max():.1e} of the range, mean {apart.mean():.1e}')
sys.exit(bool(apart.max() > 1e-5 if '$precision' == 'float32' else apart.mean() > 1 / 255))"
done
