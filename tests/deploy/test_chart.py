"""The Helm chart, rendered by Helm's own engine and held against the schemas of Kubernetes."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from pydantic import SecretStr

from segue.config.load import load_settings
from segue.config.names import env_name
from segue.config.schema import Settings
from segue.ops.rules.files import JOB, RULES
from segue.preflight.exposure import check_open_ports
from segue.transport.leaving import LeaveTimes
from support.deploying import CLOSING_S, DEPLOY, ROOT, documents, library, read

CHART = DEPLOY / "helm" / "segue"
LEAST: dict[str, Any] = {"image": {"repository": "registry.example/segue"}, "secretName": "segue-secrets"}
MOST: dict[str, Any] = LEAST | {
    "image": {
        "repository": "registry.example/segue",
        "digest": "sha256:" + "0" * 64,
        "pullSecrets": [{"name": "key"}],
    },
    "workers": 2,
    "settings": {
        "SEGUE_PROFILE": "/etc/segue/catalogue.yaml",
        "SEGUE_JOB_MAX_BYTES": 2_147_483_648,
        "CHIRP3_ENABLED": True,
        "CHIRP3_ROLLOUT_PERCENTAGE": 12.5,
    },
    "files": {"catalogue.yaml": "version: 1\nprofile: mine\n"},
    "extraEnv": [{"name": "GOOGLE_APPLICATION_CREDENTIALS", "value": "/etc/google/key.json"}],
    "extraVolumes": [{"name": "google", "secret": {"secretName": "google"}}],
    "extraVolumeMounts": [{"name": "google", "mountPath": "/etc/google", "readOnly": True}],
    "stop": {"drainSeconds": 7.5, "graceSeconds": 40},
    "service": {"grpcPort": 8001, "wyomingPort": 10200, "annotations": {"a": "b"}},
    "autoscaling": {"enabled": True, "waitingPerPod": 4},
    "networkPolicy": {
        "from": [{"podSelector": {"matchLabels": {"app": "gateway"}}}],
        "postgresql": {"port": 6432, "to": [{"ipBlock": {"cidr": "192.0.2.7/32"}}]},
        "https": {"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]},
        "extraEgress": [{"ports": [{"port": 9090}]}],
    },
    "serviceAccount": {"annotations": {"a": "b"}},
    "serviceMonitor": {"enabled": True, "labels": {"release": "monitoring"}},
    "prometheusRule": {"enabled": True, "labels": {"release": "monitoring"}},
    "dashboard": {"enabled": True},
    "podAnnotations": {"a": "b"},
    "podLabels": {"team": "speech"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "speech", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "topologySpreadConstraints": [
        {"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}
    ],
    "priorityClassName": "high",
}
OF_OTHERS = "monitoring.coreos.com/v1"
"""Kinds of the Prometheus operator, for which the package has no schemas."""
OWN = (
    "SEGUE_HOST SEGUE_PORT SEGUE_WORKERS SEGUE_DATA_DIR SEGUE_CACHE_DISK_BYTES SEGUE_JOBS_TOTAL_BYTES "
    "SEGUE_DRAIN_S SEGUE_STOP_GRACE_S SEGUE_GOOGLE_GRPC_PORT SEGUE_WYOMING_PORT"
).split()
SECRET = [env_name(name) for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]


def rendered(values: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Every resource by its kind and name, of a release ``demo``."""
    return deepcopy(_rendered(json.dumps(values)))


@cache
def _rendered(values: str) -> dict[tuple[str, str], dict[str, Any]]:
    with library("helm_python").Chart.load(str(CHART)) as chart:
        manifests = chart.render(json.loads(values), name="demo", namespace="speech")
    texts = [text for path, text in manifests.items() if path.endswith(".yaml")]
    found = [one for text in texts for one in documents(text)]
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def pod(values: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = rendered(values)["Deployment", "demo-segue"]["spec"]["template"]["spec"]
    return spec


def container(values: dict[str, Any]) -> dict[str, Any]:
    (found,) = pod(values)["containers"]
    assert isinstance(found, dict)
    return found


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(library("helm_python").HelmError, match=r".+") as told:
        rendered(values)
    return str(told.value)


def test_helm_finds_no_fault() -> None:
    told = library("helm_python").lint(str(CHART), LEAST, strict=True)

    assert told["errors"] == []
    assert [one["error"] for one in told["messages"]] == ["icon is recommended"]


@pytest.mark.parametrize("values", [LEAST, MOST], ids=["least", "most"])
@pytest.mark.parametrize("version", ["1.27.0", "1.37.0"])
def test_kubernetes_takes_every_resource(values: dict[str, Any], version: str) -> None:
    schemas = library("kubernetes_validate")
    own = [one for one in rendered(values).values() if one["apiVersion"] != OF_OTHERS]

    for one in own:
        schemas.validate(one, version, strict=True)
    assert len(own) >= 5


def test_a_mistake_in_a_resource_is_noticed() -> None:
    schemas = library("kubernetes_validate")
    deployment = rendered(LEAST)["Deployment", "demo-segue"]
    deployment["spec"]["replicsa"] = 2

    with pytest.raises(schemas.ValidationError, match="replicsa"):
        schemas.validate(deployment, "1.37.0", strict=True)


def test_it_is_what_was_asked_for() -> None:
    kinds = {kind for kind, _ in rendered(MOST)}
    least = {kind for kind, _ in rendered(LEAST)}

    assert least == {
        *("ConfigMap", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"),
    }
    assert kinds == least | {"HorizontalPodAutoscaler", "PrometheusRule", "ServiceMonitor"}


def test_the_secret_and_the_image_have_no_default() -> None:
    assert "secretName: name a Secret" in refusal({"image": LEAST["image"]})
    assert "image.repository: name the registry" in refusal({"secretName": "s"})


def test_the_settings_are_taken_by_the_service() -> None:
    given = rendered(MOST)["ConfigMap", "demo-segue"]["data"]
    found = load_settings(given).settings

    assert (found.host, found.port, found.workers) == ("0.0.0.0", 8000, 2)
    assert (found.google_grpc_port, found.wyoming_port) == (8001, 10200)
    assert (found.drain_s, found.stop_grace_s) == (7.5, 40.0)
    assert found.job_max_bytes == 2_147_483_648
    assert (found.chirp3_enabled, found.chirp3_rollout_percentage) == (True, 12.5)
    assert found.cache_disk_bytes == found.jobs_total_bytes == 1024 * 1024 * 1024


def test_callers_need_keys_unless_the_values_say_otherwise() -> None:
    own = load_settings(rendered(LEAST)["ConfigMap", "demo-segue"]["data"]).settings
    opened = {"SEGUE_AUTH": "off", "SEGUE_AUTH_OFF_BEYOND_LOOPBACK": True}
    other = load_settings(rendered(LEAST | {"settings": opened})["ConfigMap", "demo-segue"]["data"]).settings

    assert (own.auth, other.auth) == ("keys", "off")
    for settings in (own, other):
        check_open_ports(settings)


def test_what_a_pod_keeps_fits_its_volume() -> None:
    (volume,) = [one for one in pod(LEAST)["volumes"] if one["name"] == "data"]
    kept = load_settings(rendered(LEAST)["ConfigMap", "demo-segue"]["data"]).settings
    room = kept.cache_disk_bytes + kept.jobs_total_bytes + kept.min_free_bytes

    assert room < int(volume["emptyDir"]["sizeLimit"].removesuffix("Gi")) * 1024**3


def test_secrets_come_from_the_secret_alone() -> None:
    assert container(LEAST)["envFrom"] == [
        {"configMapRef": {"name": "demo-segue"}},
        {"secretRef": {"name": "segue-secrets"}},
    ]


@pytest.mark.parametrize("name", [*SECRET, *OWN])
def test_secrets_and_what_the_chart_sets_are_no_settings(name: str) -> None:
    assert name in refusal(LEAST | {"settings": {name: "1"}})


def test_the_settings_that_are_secret_are_found() -> None:
    assert "SEGUE_STORE_URL" in SECRET
    assert len(SECRET) == sum(SecretStr.__name__ in str(one.annotation) for one in Settings.model_fields.values())
    assert {env_name(name) for name in Settings.model_fields} >= set(OWN)


@pytest.mark.parametrize(
    "wrong",
    [
        {"replica": 3},
        {"replicas": 0},
        {"image": {"repository": "r", "digest": "sha256:1"}},
        {"settings": {"LANG": "C"}},
        {"autoscaling": {"enabled": True, "cpuPercent": None}},
        {"stop": {"drainSeconds": -1}},
        {"service": {"grpcPort": 80}},
        {"data": {"sizeLimit": "much"}},
    ],
    ids=str,
)
def test_values_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    assert "schema" in refusal(LEAST | wrong)


def test_a_pod_may_finish_before_it_is_killed() -> None:
    for values, times in ((LEAST, LeaveTimes(15, 20)), (MOST, LeaveTimes(7.5, 40))):
        assert pod(values)["terminationGracePeriodSeconds"] > times.longest_s + CLOSING_S


def test_a_rolling_update_takes_no_pod_away_before_another_serves() -> None:
    spec = rendered(LEAST)["Deployment", "demo-segue"]["spec"]

    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert container(LEAST)["readinessProbe"]["httpGet"]["path"].endswith("/health/ready")
    assert container(LEAST)["startupProbe"]["httpGet"]["path"].endswith("/health/live")
    assert container(LEAST)["livenessProbe"]["httpGet"]["path"].endswith("/health/live")
    assert "lifecycle" not in container(LEAST)


def test_a_change_of_a_setting_replaces_the_pods() -> None:
    def checksum(values: dict[str, Any]) -> str:
        template = rendered(values)["Deployment", "demo-segue"]["spec"]["template"]
        told: str = template["metadata"]["annotations"]["checksum/settings"]
        return told

    changed = checksum(LEAST | {"settings": {"SEGUE_LOG_LEVEL": "debug"}})
    assert checksum(LEAST) == checksum(dict(LEAST)) != changed


def test_services_of_the_cluster_are_not_taken_for_settings() -> None:
    assert pod(LEAST)["enableServiceLinks"] is False


def test_the_pod_has_no_rights() -> None:
    spec, only = pod(LEAST), container(LEAST)

    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["mountPath"] for mount in only["volumeMounts"]} == {"/var/lib/segue", "/tmp"}


def test_every_selector_finds_the_pods() -> None:
    found = rendered(MOST)
    deployment = found["Deployment", "demo-segue"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    selectors = [
        deployment["selector"]["matchLabels"],
        found["Service", "demo-segue"]["spec"]["selector"],
        found["PodDisruptionBudget", "demo-segue"]["spec"]["selector"]["matchLabels"],
        found["NetworkPolicy", "demo-segue"]["spec"]["podSelector"]["matchLabels"],
    ]

    assert all(selector.items() <= labels.items() for selector in selectors)
    assert all(len(selector) == 2 for selector in selectors)
    monitored = found["ServiceMonitor", "demo-segue"]["spec"]["selector"]["matchLabels"]
    assert monitored.items() <= found["Service", "demo-segue"]["metadata"]["labels"].items()


def test_every_port_is_open_in_pod_service_and_policy() -> None:
    found = rendered(MOST)
    ports = {port["name"] for port in container(MOST)["ports"]}

    assert ports == {"http", "grpc", "wyoming"}
    assert {port["targetPort"] for port in found["Service", "demo-segue"]["spec"]["ports"]} == ports
    (rule,) = found["NetworkPolicy", "demo-segue"]["spec"]["ingress"]
    assert {port["port"] for port in rule["ports"]} == ports


def test_replicas_are_left_to_the_autoscaler() -> None:
    assert rendered(LEAST)["Deployment", "demo-segue"]["spec"]["replicas"] == 2
    assert "replicas" not in rendered(MOST)["Deployment", "demo-segue"]["spec"]
    metrics = rendered(MOST)["HorizontalPodAutoscaler", "demo-segue"]["spec"]["metrics"]
    assert [next(iter(one[one["type"].lower()].values())) for one in metrics] == [
        "cpu",
        {"name": "segue_synthesis_waiting"},
    ]


def test_prometheus_knows_the_service_by_the_name_in_the_rules() -> None:
    (endpoint,) = rendered(MOST)["ServiceMonitor", "demo-segue"]["spec"]["endpoints"]

    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": JOB}]


def test_rules_and_dashboard_are_those_that_segue_writes() -> None:
    found = rendered(MOST)
    board = found["ConfigMap", "demo-segue-dashboard"]["data"]["segue.json"]

    assert found["PrometheusRule", "demo-segue"]["spec"] == read(DEPLOY / "prometheus" / RULES)
    assert json.loads(board) == json.loads((DEPLOY / "grafana" / "segue.json").read_text("utf-8"))


def test_the_values_on_the_page_are_in_the_chart() -> None:
    values, page = read(CHART / "values.yaml"), (ROOT / "docs" / "deploy.md").read_text("utf-8")
    table = page[page.index("| value | default |") :].partition("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", row.split("|")[1])]

    assert len(named) > 10
    for name in named:
        found = values
        for part in name.split("."):
            assert part in found, name
            found = found[part]
