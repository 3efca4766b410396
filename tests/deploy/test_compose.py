"""The compose file: valid, closed to the outside, and built from what ``segue`` writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from segue.config.load import load_settings
from segue.ops.rules.files import JOB, RULES
from segue.preflight.exposure import check_open_ports
from segue.transport.leaving import LeaveTimes
from support.deploying import CLOSING_S, DEPLOY, library, program, read

FOLDER = DEPLOY / "compose"
FILE = FOLDER / "compose.yaml"
COMPOSE: dict[str, Any] = read(FILE)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def mounts(service: str) -> dict[str, str]:
    """Paths in the container, and what is mounted there."""
    split = [volume.split(":") for volume in SERVICES[service].get("volumes", ())]
    return {parts[1]: parts[0] for parts in split}


def secrets(folder: Path) -> Path:
    script = FOLDER / "make-secrets.sh"
    subprocess.run(["sh", str(script), str(folder)], check=True, capture_output=True, timeout=30)
    return folder


def test_it_is_valid_by_the_specification() -> None:
    compose = library("compose_spec").PyCompose.from_yaml(FILE.read_text("utf-8"))
    compose.validate()

    assert set(compose.service_names()) == {"segue", "postgres", "prometheus", "alertmanager", "grafana"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("cap_drop:", "cap_dorp:"),
        ("stop_grace_period: 60s", "stop_grace_period: sixty"),
        ("condition: service_healthy", "condition: healthy"),
        ("networks: [service, store]", "networks: [service, shop]"),
    ],
)
def test_a_mistake_in_it_is_noticed(right: str, wrong: str) -> None:
    compose = library("compose_spec").PyCompose
    text = FILE.read_text("utf-8")
    assert right in text

    with pytest.raises(ValueError, match=r".+"):
        compose.from_yaml(text.replace(right, wrong, 1)).validate()


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_mounted_is_there(service: str) -> None:
    named = COMPOSE["volumes"]
    for source in mounts(service).values():
        assert source in named or (FOLDER / source).exists(), source


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gains_no_rights_and_is_bounded(service: str) -> None:
    found = SERVICES[service]

    assert "no-new-privileges:true" in found["security_opt"]
    assert found["mem_limit"]
    assert found["pids_limit"]
    assert service == "postgres" or (found["read_only"] and found["cap_drop"] == ["ALL"])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_reached_from_this_machine_alone(service: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[service].get("ports", ()))


def test_only_segue_reaches_the_database() -> None:
    assert COMPOSE["networks"]["store"] == {"internal": True}
    assert {name for name, found in SERVICES.items() if "store" in found["networks"]} == {"segue", "postgres"}


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_is_pinned_by_a_tag(service: str) -> None:
    _, _, tag = SERVICES[service]["image"].rpartition(":")

    assert any(char.isdigit() for char in tag)


def test_segue_may_finish_before_it_is_killed() -> None:
    given_s = float(SERVICES["segue"]["stop_grace_period"].removesuffix("s"))

    assert given_s > LeaveTimes().longest_s + CLOSING_S


def test_the_settings_and_the_secrets_start_a_service(tmp_path: Path) -> None:
    folder = secrets(tmp_path / "secrets")
    lines = (FOLDER / "segue.env").read_text("utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    found = load_settings(given | {"SEGUE_CONFIG": str(folder / "segue.yaml")}).settings

    check_open_ports(found.model_copy(update={"host": "0.0.0.0"}))  # as the image sets it
    password = (folder / "postgres-password").read_text("utf-8")
    assert found.store_url is not None
    assert found.admin_token is not None
    assert found.store_url.get_secret_value() == f"postgresql://segue:{password}@postgres:5432/segue"
    assert len(password) == len(found.admin_token.get_secret_value()) == 64
    assert (found.chirp3_enabled, found.chirp3_rollout_percentage) == (True, 0.0)


def test_secrets_that_are_there_are_kept(tmp_path: Path) -> None:
    def made() -> dict[str, str]:
        return {path.name: path.read_text("utf-8") for path in secrets(tmp_path / "secrets").iterdir()}

    assert made() == made()


def test_each_secret_is_made_and_used(tmp_path: Path) -> None:
    made = {path.name for path in secrets(tmp_path / "secrets").iterdir()}
    used = {name for found in SERVICES.values() for name in found.get("secrets", ())}

    assert {name: Path(told["file"]) for name, told in COMPOSE["secrets"].items()} == {
        name: Path("secrets", name) for name in made
    }
    assert used == made


def test_prometheus_has_segues_rules_and_scrapes_it_under_their_name() -> None:
    config = read(FOLDER / "prometheus.yml")
    (job,) = config["scrape_configs"]

    assert mounts("prometheus")[f"/etc/prometheus/{RULES}"] == f"../prometheus/{RULES}"
    assert config["rule_files"] == [RULES]
    assert job["job_name"] == JOB
    assert job["static_configs"] == [{"targets": ["segue:8000"]}]
    assert config["alerting"]["alertmanagers"] == [{"static_configs": [{"targets": ["alertmanager:9093"]}]}]


def test_promtool_takes_the_configuration(tmp_path: Path) -> None:
    promtool = program("promtool", "apt-get install prometheus")
    shutil.copy(FOLDER / "prometheus.yml", tmp_path)
    shutil.copy(DEPLOY / "prometheus" / RULES, tmp_path)
    words = [promtool, "check", "config", "prometheus.yml"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_amtool_takes_the_configuration_of_alertmanager() -> None:
    amtool = program("amtool", "apt-get install prometheus-alertmanager")
    words = [amtool, "check-config", str(DEPLOY / "alertmanager" / "alertmanager.yml")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_grafana_has_segues_dashboard_and_asks_that_prometheus() -> None:
    (source,) = read(FOLDER / "grafana" / "datasources" / "prometheus.yaml")["datasources"]
    (provider,) = read(FOLDER / "grafana" / "dashboards" / "segue.yaml")["providers"]
    shown = f"{provider['options']['path']}/segue.json"

    assert mounts("grafana")[shown] == "../grafana/segue.json"
    assert SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == shown
    assert (source["type"], source["url"], source["isDefault"]) == ("prometheus", "http://prometheus:9090", True)
