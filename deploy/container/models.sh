#!/bin/sh
# Fetch models into the folder of weights that the image begins with, verified, so that it runs without a network.
#   models.sh APP FOLDER [NAME...]          (within the build of the image; no name, nothing to do)
set -eu
app=$1 home=$2
shift 2
[ $# -gt 0 ] || exit 0
export NEARFAR_HOME="$home" NEARFAR_HUB_CACHE=-
"$app/bin/nearfar" models pull "$@"
NEARFAR_OFFLINE=1 "$app/bin/nearfar" models verify "$@"
find "$home" -name '.*.lock' -delete
