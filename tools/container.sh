#!/bin/sh
# Build the container image, run it as it should be run, and measure it.
#   tools/container.sh [build|test|all] [BASE]
# BASE is a Debian image; where none is given one is made by debootstrap, so that no registry of images is
# needed. Wheels are downloaded by this machine's pip, by its Python, which has to be of BASE's version.
# Needs podman (apt-get install podman runc buildah debootstrap). Where the machine is itself a container:
#   CONTAINER='podman --runtime runc --cgroup-manager cgroupfs' ISOLATION=chroot \
#       RUN_OPTIONS='--network host --ulimit nofile=20000:20000 --ulimit nproc=1000:1000' tools/container.sh
set -eu
cd "$(dirname "$0")/.."
what=${1:-all} base=${2:-}
image=localhost/nearfar
work=build/container
runtime=${CONTAINER:-podman}
port=${PORT:-18080}

say() { printf '%s\n' "$*" >&2; }

make_base() {
    if $runtime image exists localhost/nearfar-base; then return; fi
    say "making a base by debootstrap"
    mkdir -p "$work"
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates,binutils "${SUITE:-bookworm}" "$work/base" >"$work/debootstrap.log"
    tar -C "$work/base" -c . | $runtime import --quiet - localhost/nearfar-base
    rm -rf "$work/base"
}

build() {
    if [ -z "$base" ]; then make_base; base=localhost/nearfar-base; fi
    locks="--requirement requirements/base.txt"
    [ -z "${VIDEO-yes}" ] || locks="$locks --requirement requirements/video.txt"
    # shellcheck disable=SC2086 # options are words
    "${PYTHON:-python3}" -m pip download --quiet --require-hashes --only-binary :all: \
        $locks --dest deploy/container/wheels
    # Nothing is fetched within the build; chroot is for machines whose control groups crun does not take.
    network=none
    [ "${ISOLATION:-oci}" = oci ] || network=host
    $runtime build --network "$network" --isolation "${ISOLATION:-oci}" --format docker --tag "$image" --file deploy/Containerfile \
        --build-arg "BASE=$base" --build-arg "PIP_OPTIONS=--no-index --find-links /build/wheels" \
        --build-arg "VIDEO=${VIDEO-yes}" .
}

measure() {
    whole=$($runtime image inspect --format '{{.Size}}' "$image")
    mkdir -p "$work"
    rm -f "$work/image.tar"
    $runtime save --quiet --format oci-archive --compress --output "$work/image.tar" "$image" 2>/dev/null ||
        $runtime save --quiet --format oci-archive --output "$work/image.tar" "$image"
    packed=$(stat -c %s "$work/image.tar")
    rm -f "$work/image.tar"
    say "image: $((whole / 1000000)) MB unpacked, $((packed / 1000000)) MB as it is pushed and pulled"
}

# Ask a running container until it is ready; 60 s at most.
wait_ready() {
    for _ in $(seq 120); do
        if curl -fsS -o /dev/null "http://127.0.0.1:$port/readyz" 2>/dev/null; then return; fi
        sleep 0.5
    done
    $runtime logs nearfar-test >&2
    say "the service in the container did not become ready"
    exit 1
}

run_tests() {
    $runtime rm --force nearfar-test >/dev/null 2>&1 || true
    mkdir -p "$work"
    # shellcheck disable=SC2086 # options are words
    # The options of deploy/compose.yaml: nothing may be written but /data and /tmp, no rights, no new ones.
    $runtime run --detach --name nearfar-test --read-only --cap-drop all --security-opt no-new-privileges \
        --tmpfs /tmp --volume nearfar-test:/data --pids-limit 200 \
        ${RUN_OPTIONS:---publish "127.0.0.1:$port:$port"} --env "NEARFAR_PORT=$port" "$image" >/dev/null
    trap '$runtime rm --force nearfar-test >/dev/null 2>&1; $runtime volume rm nearfar-test >/dev/null 2>&1 || true' EXIT
    wait_ready
    say "ready; user $($runtime exec nearfar-test python -c 'import os; print(os.getuid(), os.access("/app", os.W_OK))')"
    key=$($runtime logs nearfar-test 2>/dev/null | grep -o 'nf-[0-9a-f]*-[0-9a-f]*' | head -n 1)
    closed=$(curl -sS -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/v1/models")
    say "without a key: $closed"
    [ "$closed" = 401 ]
    curl -fsS --data-binary @tests/data/drawing.png -H 'Content-Type: image/png' -H "Authorization: Bearer $key" \
        "http://127.0.0.1:$port/v1/depth" -o "$work/heat.png"
    head -c 4 "$work/heat.png" | grep -q PNG
    $runtime healthcheck run nearfar-test && say "health check: ok"
    $runtime stop --time 30 nearfar-test >/dev/null
    code=$($runtime inspect --format '{{.State.ExitCode}}' nearfar-test)
    say "stopped by SIGTERM with code $code"
    [ "$code" = 0 ]
}

case $what in
build) build ;;
test) run_tests && measure ;;
all) build && run_tests && measure ;;
*) say "tools/container.sh [build|test|all] [BASE]"; exit 2 ;;
esac
