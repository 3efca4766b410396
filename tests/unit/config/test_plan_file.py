"""The plan as a file: both that come with Segue are right, and a wrong one says where."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from segue.config.plan_file import located, plan_schema, read_plan
from segue.core.errors import ConfigurationError
from segue.core.gates import Gate, Metric
from segue.core.plan import EVERYONE, Hours, Plan, Step, faults, starved
from segue.core.plan_words import in_words, span

ROOT = Path(__file__).parents[3]
PLANS = sorted((ROOT / "plans").glob("*.yaml"))
SCHEMA = ROOT / "plans" / "plan.schema.json"

SMALL = """\
version: 1
name: small
stages:
  - name: some
    share: 12.5%
    hold: 90m
    characters: [ghoul]
    approval: true
    hours: {between: "22:00-06:00", on: [mon, tue], zone: Asia/Taipei}
  - name: more
    steps:
      - {share: 50%, hold: 1d}
      - {share: 100%, hold: 1w}
gates:
  error_rate:     {target: "< 1%", step_back: "> 5%", roll_back: "> 10%", margin: 2%}
  mean_synthesis: {target: "< 1.5s", roll_back: "> 5s"}
policy: {cool_down: 30m, most_step_backs: 2, progress_deadline: 2}
statistics: {slot: 30s, longest_synthesis: 15s, promotion_alpha: 1%}
"""
KNOWN = frozenset({"ghoul", "raider"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "small.yaml"


def read(file: Path, content: str = SMALL) -> Plan:
    file.write_text(content, encoding="utf-8")
    return read_plan(file, KNOWN)


def told(file: Path, content: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(file, content)
    return [fault.removeprefix(f"{file}:") for fault in caught.value.faults]


def test_every_key_has_its_meaning(file: Path) -> None:
    plan = read(file)
    some, more = plan.stages

    assert some.steps == (Step(125_000, 5400.0),)
    assert some.characters == frozenset({"ghoul"})
    assert some.approval
    assert some.hours == Hours(22 * 60, 6 * 60, frozenset({0, 1}), "Asia/Taipei")
    assert more.steps == (Step(500_000, 86_400.0), Step(1_000_000, 604_800.0))
    assert more.characters == EVERYONE
    assert plan.gates == (
        Gate(Metric.ERROR_RATE, 0.01, 0.05, 0.10, 0.02),
        Gate(Metric.MEAN_SYNTHESIS, 1.5, None, 5.0),
    )
    assert (plan.policy.cool_down_s, plan.policy.most_step_backs, plan.policy.progress_deadline) == (
        1800.0,
        2,
        2.0,
    )
    assert (plan.statistics.slot_s, plan.statistics.longest_s) == (30.0, 15.0)
    assert plan.statistics.promotion_alpha == 0.01
    assert plan.statistics.unit_window_s == 900.0, "the default"


@pytest.mark.parametrize(
    ("instead_of", "write", "line", "says"),
    [
        ("name: small", "name: small\ncolour: red", 3, "colour: unknown key"),
        ("approval: true", "approved: true", 8, "stages.0.approved: unknown key"),
        ("share: 12.5%", "share: 12.5", 5, "write a share or rate in percent, such as 12.5%"),
        ("share: 12.5%", "share: 120%", 5, "less than or equal to 1"),
        ("hold: 90m", "hold: 90", 6, "write a duration with its unit"),
        ("hold: 90m", "hold: 0m", 6, "must be longer than nothing"),
        ("hold: 90m", "steps: [{share: 1%, hold: 1h}]", 4, "either a share and a hold, or steps"),
        ("    share: 12.5%\n", "", 4, "a stage needs a share and a hold, or steps"),
        ("name: some", "name: Some Stage", 4, "stages.0.name"),
        ("[ghoul]", "[ghoul, pip_boy]", 7, "nobody is called pip_boy"),
        ("22:00-06:00", "22:00", 9, "stages.0.hours.between"),
        ("[mon, tue]", "[monday]", 9, "stages.0.hours.on"),
        ("Asia/Taipei", "Asia/Atlantis", 9, "no time zone is called 'Asia/Atlantis'"),
        ("error_rate: ", "error_rat: ", 15, "gates.error_rat"),
        ('"< 1%"', '"> 1%"', 15, "write it as '< 5%', not '> 1%'"),
        ('"> 5%"', '"5%"', 15, "write it as '> 5%', not '5%'"),
        ('"< 1.5s"', '"< 15%"', 16, "write a duration with its unit"),
        ('"< 1.5s"', '"< 1.6s"', 16, "the histogram cannot resolve 1.6 s; it can at 0.35, 0.75, 1, 1.5"),
        ('"> 10%"', '"> 100%"', 15, "100% can never be crossed"),
        ('"> 10%"', '"> 3%"', 15, "must each be worse than the one before"),
        ("longest_synthesis: 15s", "longest_synthesis: 4s", 16, "no call takes longer than 4 s"),
        ("most_step_backs: 2", "most_step_backs: -1", 17, "policy.most_step_backs"),
        ("progress_deadline: 2", "progress_deadline: 1", 17, "policy.progress_deadline"),
        ("progress_deadline: 2", "progress_deadline: .inf", 17, "policy.progress_deadline"),
        ("promotion_alpha: 1%", "promotion_alpha: 1", 18, "statistics.promotion_alpha"),
        ("version: 1", "version: 2", 1, "version"),
        ("name: small", "name: small\nname: again", 3, "not valid YAML"),
    ],
)
def test_a_fault_is_told_at_its_line(file: Path, instead_of: str, write: str, line: int, says: str) -> None:
    assert instead_of in SMALL
    found = told(file, SMALL.replace(instead_of, write, 1))

    assert any(fault.startswith(f"{line}:") and says in fault for fault in found), found


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        ("\n" + "[" * 5000, 2, "nested too deeply"),
        ("{a: " * 5000, 1, "nested too deeply"),
        ("- " * 5000 + "a", 1, "nested too deeply"),
        (SMALL.replace("version: 1", "version: " + "9" * 5000), 1, "cannot be read"),
    ],
    ids=["brackets", "braces", "blocks", "digits"],
)
def test_a_file_made_to_break_the_reader_is_refused_at_once(
    file: Path, content: str, line: int, says: str
) -> None:
    (fault,) = told(file, content)

    assert fault.startswith(f"{line}:")
    assert says in fault


def test_brackets_that_are_closed_again_are_no_depth(file: Path) -> None:
    shares = "".join(f"      - {{share: {50 + n / 10}%, hold: 1d}}\n" for n in range(200))

    assert len(read(file, SMALL.replace("      - {share: 50%, hold: 1d}\n", shares)).stages[1].steps) == 201


def test_all_faults_are_told_at_once(file: Path) -> None:
    wrong = SMALL.replace("[ghoul]", "[nobody]").replace('"< 1.5s"', '"< 1.6s"').replace('"< 1%"', '"> 1%"')

    assert len(told(file, wrong)) == 3


@pytest.mark.parametrize(
    ("gates", "says"),
    [
        ('{error_rate: {target: "< 10%"}}', "none of them can ever take the candidate back"),
        ("{error_rate: {}}", "has no level, so it can neither pass nor fail"),
        ('{cache_hit_rate: {target: "> 90%", roll_back: "< 50%"}}', "cache hits say nothing of an arm"),
    ],
)
def test_gates_that_could_never_do_their_work_are_faults(file: Path, gates: str, says: str) -> None:
    before, _, after = SMALL.partition("gates:\n")
    content = f"{before}gates: {gates}\n{after[after.index('policy:') :]}"

    assert any(says in fault for fault in told(file, content))


def test_a_file_that_is_not_there_or_not_text_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_plan(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_plan(tmp_path / "latin.yaml")


def test_a_step_that_its_traffic_could_not_feed_is_told_at_its_stage(file: Path) -> None:
    plan = read(file)

    found = located(file, starved(plan, dict.fromkeys(plan.places(), 0.001)))

    assert [fault.removeprefix(f"{file}:").partition(":")[0] for fault in found] == ["4", "10", "10"]
    assert all("units of a flawless candidate" in fault for fault in found)
    assert not starved(plan, dict.fromkeys(plan.places(), 100.0))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_plans_that_come_with_segue_are_right_by_both_accounts(path: Path) -> None:
    assert not faults(read_plan(path))
    jsonschema.validate(plain(path), plan_schema())
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA.name}"


def plain(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def test_the_published_schema_is_that_of_the_model() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == plan_schema(), "make plans/plan.schema.json"


@pytest.mark.parametrize(
    ("instead_of", "write"),
    [("90m", "90"), ("12.5%", "12.5"), ('"< 1%"', '"1%"'), ("approval", "approved"), ("error_rate", "error_rat")],
)
def test_editors_see_what_the_reader_would_refuse(file: Path, instead_of: str, write: str) -> None:
    file.write_text(SMALL, encoding="utf-8")
    jsonschema.validate(plain(file), plan_schema())

    file.write_text(SMALL.replace(instead_of, write, 1), encoding="utf-8")

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain(file), plan_schema())


def test_the_plan_is_said_in_words(file: Path) -> None:
    said = "\n".join(in_words(read(file)))

    assert "Stage 0, some: 12.5 % of the listeners of ghoul hear the candidate for 90 min" in said
    assert "a person must agree" in said
    assert "from 22:00 to 06:00 (Asia/Taipei) on Mon, Tue" in said
    assert "50 % of the listeners of all characters hear the candidate for 1 d; then 100 %" in said
    assert "wrong at most 1 % of the time, error_rate below 1 %, mean_synthesis below 1.5 s" in said
    assert "error_rate worse than the baseline's by at most 2 %" in said
    assert "(P1) on error_rate above 5 %" in said
    assert "(P0) on error_rate above 10 %, mean_synthesis above 5 s" in said
    assert "cools down for 30 min; after 2 of them" in said


def test_a_time_is_said_in_the_largest_unit_that_divides_it() -> None:
    assert [span(time_s) for time_s in (86_400.0, 5400.0, 90.0, 0.5)] == ["1 d", "90 min", "90 s", "0.5 s"]


def keys_of(schema: dict[str, Any]) -> set[str]:
    objects = [schema, *schema["$defs"].values()]
    keys = {key for entry in objects for key in entry.get("properties", {})}
    return keys | set(schema["$defs"]["Metric"]["enum"])


def test_the_reference_mentions_every_key() -> None:
    page = (ROOT / "docs" / "plan.md").read_text(encoding="utf-8")
    mentioned = set(re.findall(r"`([a-z0-9_]+)`", page))

    assert keys_of(plan_schema()) <= mentioned, keys_of(plan_schema()) - mentioned


def test_the_examples_of_the_reference_are_plans(file: Path) -> None:
    page = (ROOT / "docs" / "plan.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)

    assert examples
    for example in examples:
        file.write_text(example, encoding="utf-8")
        read_plan(file)
