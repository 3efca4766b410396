"""Rules from the plan: levels of the plan's gates, a page for each alert, and files that are not stale."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from segue.cli.main import app
from segue.kernel.telemetry.catalog import METRICS
from segue.ops.rules.alerts import Severity, Timing, alerts
from segue.ops.rules.files import PROOF, RULES, rule_files
from segue.ops.rules.measures import measures
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import Plan, Stage, Step
from support.paths import ROOT
from support.rollouts import chirp3

ALERTS = {alert.name: alert for alert in alerts(chirp3(), Timing(), "segue")}
HEADINGS = re.findall(r"^### (\w+)$", (ROOT / "docs" / "runbook.md").read_text("utf-8"), re.MULTILINE)


def read(text: str) -> Any:
    return YAML(typ="safe").load(text)


@pytest.mark.parametrize("name", [RULES, PROOF])
def test_the_files_are_what_the_command_writes(name: str) -> None:
    shipped = (ROOT / "deploy" / "prometheus" / name).read_text("utf-8")

    assert shipped == rule_files(chirp3())[name], "stale: run `segue rules`"


def test_each_gate_warns_at_its_target_and_is_critical_at_its_alarm() -> None:
    found = {name: (alert.expr.partition(" and ")[0], alert.severity) for name, alert in ALERTS.items()}

    assert found["SegueErrorRateOffTarget"] == ("segue:error_rate:5m > 0.01", Severity.WARNING)
    assert found["SegueErrorRateCritical"] == ("segue:error_rate:5m > 0.1", Severity.CRITICAL)
    assert found["SegueSuccessRateCritical"] == ("segue:success_rate:5m < 0.9", Severity.CRITICAL)
    assert found["SegueP95SynthesisOffTarget"] == ("segue:p95_synthesis:5m > 2.5", Severity.WARNING)
    assert found["SegueP95SynthesisCritical"] == ("segue:p95_synthesis:5m > 10", Severity.CRITICAL)
    assert "SegueCacheHitRateCritical" not in found


def test_a_gate_without_a_way_to_roll_back_is_critical_where_it_steps_back() -> None:
    plan = Plan("one", (Stage("all", (Step(1, 1.0),)),), (Gate(GateMetric.ERROR_RATE, step_back=0.05),))
    found = [alert for alert in alerts(plan, Timing(), "segue") if "ErrorRate" in alert.name]

    assert [(alert.name, alert.expr.split(" and ")[0]) for alert in found] == [
        ("SegueErrorRateCritical", "segue:error_rate:5m > 0.05")
    ]


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_has_its_paragraph_in_the_runbook(alert: str) -> None:
    rules = read(rule_files(chirp3())[RULES])["groups"][1]["rules"]
    (rule,) = [rule for rule in rules if rule["alert"] == alert]
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")

    assert page.endswith("/docs/runbook.md")
    assert [heading.lower() for heading in HEADINGS].count(anchor) == 1


def test_the_runbook_speaks_of_no_alert_that_is_not_there() -> None:
    assert set(HEADINGS) == set(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_is_tested_both_ways(alert: str) -> None:
    names = [test["name"] for test in read(rule_files(chirp3())[PROOF])["tests"]]

    assert f"{alert} fires" in names
    assert f"{alert} stays quiet" in names


def test_every_metric_that_a_rule_reads_is_in_the_catalogue() -> None:
    known = {metric.name for metric in METRICS} | {measure.record("5m") for measure in measures("5m").values()}
    known |= {f"{name}_{part}" for name in known for part in ("sum", "count", "bucket")}
    text = rule_files(chirp3())[RULES]
    read_by_rules = set(re.findall(r"\b(?:tts_\w+|segue_\w+|segue:\w+:\w+)", text))

    assert read_by_rules <= known


def test_every_gate_that_a_plan_can_have_is_measured() -> None:
    assert set(GateMetric) <= set(measures("5m"))


def test_the_command_writes_where_it_is_told_and_notices_what_is_stale(tmp_path: Path) -> None:
    def run(*words: str) -> int:
        return CliRunner().invoke(app, ["rules", "--output", str(tmp_path), *words]).exit_code

    assert run("--check") == 1
    assert run() == 0
    assert run("--check") == 0
    assert run("--check", "--critical-for", "10s") == 1
    assert (tmp_path / RULES).read_text("utf-8") == rule_files(chirp3())[RULES]


def test_every_severity_finds_a_receiver() -> None:
    config = read((ROOT / "deploy" / "alertmanager" / "alertmanager.yml").read_text("utf-8"))
    receivers = {receiver["name"] for receiver in config["receivers"]}
    matchers = " ".join(matcher for route in config["route"]["routes"] for matcher in route["matchers"])

    assert {config["route"]["receiver"], *(route["receiver"] for route in config["route"]["routes"])} == receivers
    assert {Severity.CRITICAL, Severity.INFO} <= set(re.findall(r'severity = "(\w+)"', matchers))


def test_what_is_inhibited_by_name_exists() -> None:
    text = (ROOT / "deploy" / "alertmanager" / "alertmanager.yml").read_text("utf-8")

    assert set(re.findall(r'alertname = "(\w+)"', text)) <= set(ALERTS)
