"""The manifests for KubeRay: every field is one that its types have, and the numbers in them agree.

The fields are those of ``ray.io/v1`` as the API reference of KubeRay 1.5 lists them (RayService, RayJob,
RayClusterSpec, HeadGroupSpec, WorkerGroupSpec, AuthOptions, AutoscalerOptions), and of pods those of
Kubernetes that are used here. It is a schema of our own, stricter than theirs: every other field is refused.
``tools/manifests.sh`` holds the pods against the whole schema of Kubernetes besides.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from nearfar.scale.serve_options import ServeOptions, read_options
from nearfar.service.guard.keys_now import needs_keys
from server import FileServer, Served

REPOSITORY = Path(__file__).parents[2]
RAY = REPOSITORY / "deploy" / "ray"
CONTAINERFILE = (RAY / "Containerfile").read_text(encoding="utf-8")
FILES = {
    name: list(yaml.safe_load_all((RAY / f"{name}.yaml").read_text("utf-8"))) for name in ("service", "job")
}
SERVICE, JOB = (FILES[name][0] for name in ("service", "job"))
LOCK = (REPOSITORY / "requirements" / "ray.txt").read_text(encoding="utf-8")
HEAD = ("spec", "rayClusterConfig", "headGroupSpec")
CLUSTERS = {"service": SERVICE["spec"]["rayClusterConfig"], "job": JOB["spec"]["rayClusterSpec"]}
QUANTITY = re.compile(r"\d+(m|Mi|Gi)?$")
BYTES = {"Mi": 2**20, "Gi": 2**30}

# A schema: a type; a tuple of the values there are; a list of what each element is; a dictionary of what each
# field is, "!" before those that must be there; {str: ...} for names of one's own.
LABELS = {str: str}
RESOURCES = {
    "!requests": {"!cpu": QUANTITY, "!memory": QUANTITY},
    "!limits": {"!cpu": QUANTITY, "!memory": QUANTITY},
}
PROBE = {
    "!exec": {"!command": [str]},
    "initialDelaySeconds": int,
    "!periodSeconds": int,
    "!timeoutSeconds": int,
    "!failureThreshold": int,
}
CONTAINER_SECURITY = {
    "!allowPrivilegeEscalation": (False,),
    "readOnlyRootFilesystem": (True,),
    "!capabilities": {"!drop": [("ALL",)]},
}
CONTAINER = {
    "!name": str,
    "!image": str,
    "imagePullPolicy": ("IfNotPresent",),
    "ports": [{"!name": str, "!containerPort": int}],
    "env": [{"!name": str, "!value": str}],
    "envFrom": [{"!secretRef": {"!name": str}}],
    "!resources": RESOURCES,
    "!securityContext": CONTAINER_SECURITY | {"!readOnlyRootFilesystem": (True,)},
    "!readinessProbe": PROBE,
    "!livenessProbe": PROBE,
    "volumeMounts": [{"!name": str, "!mountPath": str, "readOnly": bool}],
}
POD = {
    "automountServiceAccountToken": (False,),
    "enableServiceLinks": (False,),
    "terminationGracePeriodSeconds": int,
    "!securityContext": {
        "!runAsNonRoot": (True,),
        "!runAsUser": int,
        "!runAsGroup": int,
        "!fsGroup": int,
        "!seccompProfile": {"!type": ("RuntimeDefault",)},
    },
    "!containers": [CONTAINER],
    "volumes": [
        {
            "!name": str,
            "emptyDir": {"medium": ("Memory",), "!sizeLimit": QUANTITY},
            "secret": {"!secretName": str, "!defaultMode": (0o400,)},
        }
    ],
}
TEMPLATE = {"!metadata": {"!labels": LABELS}, "!spec": POD}
CLUSTER = {
    "!rayVersion": re.compile(r"\d+\.\d+\.\d+$"),
    "!authOptions": {"!mode": ("disabled", "token")},
    "enableInTreeAutoscaling": bool,
    "autoscalerOptions": {
        "idleTimeoutSeconds": int,
        "upscalingMode": ("Default", "Aggressive", "Conservative"),
        "resources": RESOURCES,
        "securityContext": CONTAINER_SECURITY,
    },
    "!headGroupSpec": {"!rayStartParams": {str: str}, "!template": TEMPLATE},
    "!workerGroupSpecs": [
        {
            "!groupName": str,
            "!replicas": int,
            "!minReplicas": int,
            "!maxReplicas": int,
            "!rayStartParams": {str: str},
            "!template": TEMPLATE,
        }
    ],
}
METADATA = {"!name": re.compile(r"[a-z][a-z0-9-]*$"), "labels": LABELS}
PEER = {"podSelector": {"!matchLabels": LABELS}, "namespaceSelector": {}}
KINDS = {
    "RayService": {
        "!apiVersion": ("ray.io/v1",),
        "!kind": str,
        "!metadata": METADATA,
        "!spec": {"!serveConfigV2": str, "!rayClusterConfig": CLUSTER},
    },
    "RayJob": {
        "!apiVersion": ("ray.io/v1",),
        "!kind": str,
        "!metadata": METADATA,
        "!spec": {
            "!entrypoint": str,
            "!submissionMode": ("K8sJobMode", "HTTPMode", "InteractiveMode"),
            "!shutdownAfterJobFinishes": bool,
            "ttlSecondsAfterFinished": int,
            "backoffLimit": int,
            "activeDeadlineSeconds": int,
            "!rayClusterSpec": CLUSTER,
        },
    },
    "NetworkPolicy": {
        "!apiVersion": ("networking.k8s.io/v1",),
        "!kind": str,
        "!metadata": METADATA,
        "!spec": {
            "!podSelector": {"!matchLabels": LABELS},
            "!policyTypes": [("Ingress",)],
            "!ingress": [{"from": [PEER], "ports": [{"!port": int}]}],
        },
    },
}
SERVE = {
    "!proxy_location": ("EveryNode",),
    "!http_options": {"!host": str, "!port": int, "keep_alive_timeout_s": int},
    "!applications": [{"!name": str, "!route_prefix": str, "!import_path": str, "args": dict}],
}


def faults(value: Any, schema: Any, place: str = "") -> list[str]:
    """What in a value a schema has no place for."""
    if isinstance(schema, dict):
        return _faults_of_fields(value, schema, place)
    if isinstance(schema, list):
        if not isinstance(value, list) or not value:
            return [f"{place}: a list with something in it was expected"]
        return [fault for i, each in enumerate(value) for fault in faults(each, schema[0], f"{place}[{i}]")]
    if isinstance(schema, tuple):
        return (
            []
            if any(value is each or (value == each and type(value) is type(each)) for each in schema)
            else [f"{place}: {value!r} is none of {schema}"]
        )
    if isinstance(schema, re.Pattern):
        return [] if isinstance(value, str) and schema.match(value) else [f"{place}: {value!r}"]
    return [] if type(value) is schema else [f"{place}: {value!r} is no {schema.__name__}"]


def _faults_of_fields(value: Any, schema: dict[Any, Any], place: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{place}: fields were expected"]
    if str in schema:
        return [
            fault
            for name, each in value.items()
            for fault in faults([name, each], [schema[str]], f"{place}.{name}")
        ]
    known = {name.removeprefix("!"): each for name, each in schema.items()}
    found = [f"{place}.{name}: there is no such field" for name in value if name not in known]
    found += [f"{place}{name[1:]} is missing" for name in schema if name[:1] == "!" and name[1:] not in value]
    for name in value.keys() & known.keys():
        found += faults(value[name], known[name], f"{place}.{name}")
    return found


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_field_is_known_and_of_its_type(name) -> None:
    """Nothing is misspelt, nothing is missing, and no number stands where a text is meant."""
    for document in FILES[name]:
        assert faults(document, KINDS[document["kind"]]) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((*HEAD, "rayStartParams", "num-cpus"), 0),
        (("spec", "rayClusterConfig", "workerGroupSpec"), []),
        (("spec", "rayClusterConfig", "authOptions", "mode"), "tokens"),
        (("spec", "rayClusterConfig", "workerGroupSpecs"), []),
        (
            (
                "spec",
                "rayClusterConfig",
                "headGroupSpec",
                "template",
                "spec",
                "securityContext",
                "runAsNonRoot",
            ),
            False,
        ),
        (("apiVersion",), "ray.io/v1alpha1"),
    ],
)
def test_the_schema_finds_faults(place, value) -> None:
    """A number for a text, a field misspelt, another word, an empty list, rights that were left."""
    wrong = yaml.safe_load(yaml.safe_dump(SERVICE))
    target = wrong
    for name in place[:-1]:
        target = target[name]
    target[place[-1]] = value
    assert faults(wrong, KINDS["RayService"])


def groups() -> list[tuple[str, dict[str, Any]]]:
    """Every group of pods, by where it stands."""
    return [
        (f"{name} {group.get('groupName', 'head')}", group)
        for name, cluster in CLUSTERS.items()
        for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])
    ]


def size(text: str) -> int:
    """Bytes of a quantity of Kubernetes."""
    return int(text[:-2]) * BYTES[text[-2:]]


@pytest.mark.parametrize("group", [group for _, group in groups()], ids=[name for name, _ in groups()])
def test_resources_add_up(group) -> None:
    """Ray is told as many processors as the pod has, and its store and its files have room."""
    (container,) = group["template"]["spec"]["containers"]
    limits, params = container["resources"]["limits"], group["rayStartParams"]
    assert container["resources"]["requests"] == limits
    assert params["num-cpus"] in {"0", limits["cpu"]}
    volumes = {row["name"]: row for row in group["template"]["spec"]["volumes"]}
    shm = size(volumes["shm"]["emptyDir"]["sizeLimit"])
    assert int(params["object-store-memory"]) < shm <= size(limits["memory"]) / 4
    mounts = {row["name"]: row["mountPath"] for row in container["volumeMounts"]}
    assert mounts.keys() == volumes.keys()
    assert (mounts["shm"], mounts["tmp"]) == ("/dev/shm", "/tmp")  # noqa: S108 - of the pod


@pytest.mark.parametrize("cluster", CLUSTERS.values(), ids=CLUSTERS)
def test_nodes_are_from_least_to_most(cluster) -> None:
    """Each group begins with what it has at least; the head takes no work."""
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    for group in cluster["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


def processors(cluster: dict[str, Any], which: str) -> int:
    """Logical processors of all workers."""
    return sum(
        group[which] * int(group["rayStartParams"]["num-cpus"]) for group in cluster["workerGroupSpecs"]
    )


def options() -> ServeOptions:
    """What the service is told."""
    (application,) = serve_config()["applications"]
    return read_options(application["args"])


def serve_config() -> dict[str, Any]:
    """The configuration of Ray Serve."""
    return yaml.safe_load(SERVICE["spec"]["serveConfigV2"])


def test_the_service_finds_room() -> None:
    """The least of everything on the fewest machines, the most of it on the most, and no machine beyond."""
    chosen, cluster = options(), CLUSTERS["service"]
    most = chosen.replicas * chosen.cpus + sum(row.most * row.cpus for row in chosen.networks.values())
    assert chosen.least_cpus <= processors(cluster, "minReplicas")
    assert most == processors(cluster, "maxReplicas")
    (group,) = cluster["workerGroupSpecs"]
    assert max(chosen.cpus, *(row.cpus for row in chosen.networks.values())) <= int(
        group["rayStartParams"]["num-cpus"]
    )


def test_the_run_finds_room() -> None:
    """As many actors at least as the fewest machines hold, and as many at most as the most of them do."""
    words = shlex.split(JOB["spec"]["entrypoint"])
    given = dict(pairwise(words))
    cpus = float(given["--actor-cpus"])
    assert int(given["--actors-min"]) * cpus <= processors(CLUSTERS["job"], "minReplicas")
    assert int(given["--actors-max"]) * cpus == processors(CLUSTERS["job"], "maxReplicas")


def test_the_configuration_is_one_of_ray_serve() -> None:
    """Our schema and Ray's own agree, and it names the builder that there is."""
    config = serve_config()
    assert faults(config, SERVE) == []
    schema = pytest.importorskip("ray.serve.schema", reason="Ray Serve is not installed")
    schema.ServeDeploySchema.model_validate(config)
    from nearfar.scale import serve

    assert config["applications"][0]["import_path"] == f"{serve.__name__}:{serve.app.__name__}"


def test_the_service_is_closed() -> None:
    """It needs keys, which the Secret brings to where the setting looks; it is given time to drain."""
    settings = options().settings
    assert needs_keys(settings)
    (group,) = CLUSTERS["service"]["workerGroupSpecs"]
    pod = group["template"]["spec"]
    (mount,) = [row for row in pod["containers"][0]["volumeMounts"] if row["name"] == "keys"]
    assert settings.keys == f"{mount['mountPath']}/keys.json"
    assert mount["readOnly"]
    assert pod["terminationGracePeriodSeconds"] > settings.drain_timeout + 10


@pytest.mark.parametrize("name", sorted(FILES))
def test_policies_are_about_the_pods(name) -> None:
    """Labels of the pods, the policy and who may come in are the same; only the service's port is open."""
    labels = {"app.kubernetes.io/name": FILES[name][0]["metadata"]["name"]}
    cluster = CLUSTERS[name]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        assert group["template"]["metadata"]["labels"] == labels
    policy = FILES[name][1]["spec"]
    assert policy["podSelector"]["matchLabels"] == labels
    open_to_all = [rule["ports"] for rule in policy["ingress"] if "from" not in rule]
    port = serve_config()["http_options"]["port"]
    assert open_to_all == ([[{"port": port}]] if name == "service" else [])


def test_versions_of_ray_agree() -> None:
    """The clusters run the Ray that the image is made with."""
    locked = re.search(r"^ray==(\S+)", LOCK, re.MULTILINE)
    assert {cluster["rayVersion"] for cluster in CLUSTERS.values()} == {locked[1]}


def test_the_image_is_made_of_what_is_there() -> None:
    """Its base is the service's; each path that is copied exists and is sent to the build; it is nobody's."""
    base = r"^ARG BASE=(\S+)$"
    main = (REPOSITORY / "deploy" / "Containerfile").read_text(encoding="utf-8")
    assert re.findall(base, CONTAINERFILE, re.MULTILINE) == re.findall(base, main, re.MULTILINE)
    assert "USER 10001:10001" in CONTAINERFILE
    sent = (REPOSITORY / ".containerignore").read_text(encoding="utf-8").split()
    rows = re.findall(r"^COPY (?:--\S+ )?(.*)$", CONTAINERFILE, re.MULTILINE)
    for word in (word for row in rows for word in row.split()[:-1]):
        assert (REPOSITORY / word).exists(), word
        assert any(word.rstrip("/").startswith(row[1:]) for row in sent if row.startswith("!")), word


def test_no_loop_of_events_is_brought_along() -> None:
    """Ray Serve's own extra has uvloop and httptools, with which the service was not tested."""
    assert re.findall(r"^(?:uvloop|httptools)==", LOCK, re.MULTILINE) == []


@pytest.mark.parametrize("name", sorted(FILES))
def test_probes_are_the_program_in_the_image(name) -> None:
    """It is copied there under that name, and asks ports that Ray or the service has."""
    asked = set()
    for group in (CLUSTERS[name]["headGroupSpec"], *CLUSTERS[name]["workerGroupSpecs"]):
        for container in group["template"]["spec"]["containers"]:
            for probe in ("readinessProbe", "livenessProbe"):
                program, *places = container[probe]["exec"]["command"]
                assert f"deploy/ray/probe.py /app/bin/{program}\n" in CONTAINERFILE
                asked |= set(places)
    agent, head = "52365/api/local_raylet_healthz", "8265/api/gcs_healthz"
    assert asked == {agent, head} | ({"8000/-/healthz"} if name == "service" else set())


@pytest.mark.parametrize("is_well", [True, False])
def test_the_probe_ends_as_the_pod_is(is_well) -> None:
    """0 where what it asks answers; else not."""
    with FileServer(healthz=Served(b"success", status=200 if is_well else 503)) as there:
        place = f"{there.address.rpartition(':')[2]}/healthz"
        done = subprocess.run([sys.executable, RAY / "probe.py", place], capture_output=True, check=False)
    assert (done.returncode == 0) == is_well
