#!/bin/sh
# Name the base of the image by the digest that its registry gives today for a tag; it is written into the Containerfile.
#   tools/base.sh [TAG]               (needs skopeo, or podman, and a way to the registry)
set -eu
cd "$(dirname "$0")/.."
name=docker.io/library/debian
tag=${1:-bookworm-slim}
if command -v skopeo >/dev/null; then
    digest=$(skopeo inspect --raw "docker://$name:$tag" | sha256sum | cut -d ' ' -f 1)
else
    podman pull --quiet "$name:$tag" >/dev/null
    digest=$(podman image inspect --format '{{index .RepoDigests 0}}' "$name:$tag" | cut -d : -f 2)
fi
# sh's own check: the digest of an empty answer, or a part of one, must not be written down
[ "${#digest}" = 64 ] && [ "$digest" != e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 ] || {
    echo "The registry gave no digest for $name:$tag." >&2
    exit 1
}
sed -i -e "s|^ARG BASE=.*|ARG BASE=$name@sha256:$digest|" -e "s|that of debian:[^,]*,|that of debian:$tag of $(date -I),|" deploy/Containerfile
grep '^ARG BASE=' deploy/Containerfile
