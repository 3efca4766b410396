"""The plan as a file: both that come with Segue are right, and a wrong one says where."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from ruamel.yaml import YAML

from segue.config.plan_file import parse_percent, plan_schema, read_plan
from segue.kernel.errors import ConfigurationError, InvalidRequest
from segue.kernel.shadow_budget import ShadowBudget
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import (
    EVERYONE,
    Hours,
    Missed,
    Place,
    Plan,
    Policy,
    Statistics,
    Step,
)
from segue.rollout.core.plan_faults import faults
from segue.rollout.core.plan_words import in_words, span
from support.paths import ROOT

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
        Gate(GateMetric.ERROR_RATE, 0.01, 0.05, 0.10, 0.02),
        Gate(GateMetric.MEAN_SYNTHESIS, 1.5, None, 5.0),
    )
    assert (plan.policy.cool_down_s, plan.policy.most_step_backs, plan.policy.progress_deadline) == (
        1800.0,
        2,
        2.0,
    )
    assert (plan.statistics.slot_s, plan.statistics.longest_s) == (30.0, 15.0)
    assert plan.statistics.promotion_alpha == 0.01
    assert plan.statistics.unit_window_s == 900.0, "the default"


NEW = SMALL.replace("name: small", "name: small\nyardstick: 2%\nshadow: {characters_a_day: 5000, at_once: 3}", 1)
NEW = NEW.replace("    approval: true", '    shadow: 20%\n    gates: {error_rate: {target: "< 3%"}}', 1)
NEW = NEW.replace(
    "progress_deadline: 2", "missed: roll_back, when_alone: {roll_back_after: 2h}, resume: {after: 1h}"
)
NEW = NEW.replace(
    "promotion_alpha: 1%", "least_duration: 10s, least_listeners: 7, slower_ratio: 3, quiet: 8h, slot: 20s"
).replace("{slot: 30s, ", "{")


def test_what_compares_costs_and_eases_has_keys_of_its_own(file: Path) -> None:
    plan = read(file, NEW)

    assert (plan.yardstick_ppm, plan.shadow) == (20_000, ShadowBudget(5000.0, 3))
    assert plan.share_ppm(Place(1, 1)) == 980_000
    assert plan.stages[0].shadow_ppm == 200_000
    assert plan.stages[0].targets == {GateMetric.ERROR_RATE: 0.03}
    assert [gate.target for gate in plan.gates_at(Place(0, 0))] == [0.03, 1.5]
    assert [gate.target for gate in plan.gates_at(Place(1, 0))] == [0.01, 1.5]
    assert plan.policy == Policy(1800.0, 2, 1.5, Missed.ROLL_BACK, 7200.0, 3600.0)
    statistics = plan.statistics
    assert (statistics.least_duration_s, statistics.least_listeners) == (10.0, 7.0)
    assert (statistics.slower_ratio, statistics.quiet_s, statistics.slot_s) == (3.0, 8 * 3600.0, 20.0)


def test_what_is_left_out_is_as_the_core_has_it(file: Path) -> None:
    before, _, after = SMALL.partition("policy:")
    plan = read(file, before)

    assert after
    assert (plan.statistics, plan.policy, plan.shadow) == (Statistics(), Policy(), ShadowBudget())
    assert plan.yardstick_ppm == 0
    assert {stage.shadow_ppm for stage in plan.stages} == {0}


def test_a_word_stands_for_no_time(file: Path) -> None:
    said = NEW.replace("{roll_back_after: 2h}", "hold").replace("{after: 1h}", "person")

    assert read(file, said).policy == Policy(1800.0, 2, 1.5, Missed.ROLL_BACK)


@pytest.mark.parametrize(
    ("instead_of", "write", "line", "says"),
    [
        ("yardstick: 2%", "yardstick: 60%", 3, "60 % is not between 0 and 50 %"),
        ("yardstick: 2%", "yardstick: 2", 3, "expected a share or rate in percent"),
        ("characters_a_day: 5000", "characters_a_day: 0", 4, "shadow.characters_a_day"),
        ("at_once: 3", "at_once: 0", 4, "shadow.at_once"),
        ("shadow: 20%", "shadow: 120%", 10, "stages.0.shadow"),
        ("share: 12.5%", "share: 100%", 10, "stages.0.shadow: at a share of 100 % the baseline answers only the"),
        ('"< 3%"', '"< 6%"', 11, "less strict than the level at which the gate takes the candidate back"),
        ('"< 3%"', '"<= 3%"', 11, "stages.0.gates.error_rate.target: expected '< 3%', not '<= 3%'"),
        ('"< 3%"', '"≤ 3%"', 11, "stages.0.gates.error_rate.target: expected '< 3%', not '≤ 3%'"),
        ('"< 3%"', '"> 3%"', 11, "stages.0.gates.error_rate.target: expected '< 3%', not '> 3%'"),
        ("{error_rate: {target: ", "{success_rate: {target: ", 11, "expected '> 3%'"),
        (
            '{error_rate: {target: "< 3%"}}',
            '{success_rate: {target: "> 3%"}}',
            11,
            "the plan has no gate for this",
        ),
        ('{target: "< 3%"}', '{target: "< 3%", roll_back: "> 9%"}', 11, "roll_back: unknown key"),
        (
            '{error_rate: {target: "< 3%"}}',
            '{mean_synthesis: {target: "< 1.7s"}}',
            11,
            "1.7 s is not an edge of the histogram",
        ),
        ("missed: roll_back", "missed: ignore", 20, "policy.missed"),
        (
            "{roll_back_after: 2h}",
            "wait",
            20,
            "policy.when_alone: expected the word 'hold', or a time as in {roll_back_after: 2h}",
        ),
        ("{after: 1h}", "{after: 0s}", 20, "policy.resume.after: must be more than 0"),
        ("{after: 1h}", "{in: 1h}", 20, "policy.resume.in: unknown key"),
        ("quiet: 8h", "quiet: 10s", 21, "shorter than a slot (20 s)"),
        ("slower_ratio: 3", "slower_ratio: 0.5", 21, "statistics.slower_ratio"),
        ("least_listeners: 7", "least_listeners: 0", 21, "statistics.least_listeners"),
    ],
)
def test_a_fault_of_the_newer_keys_is_told_at_its_line(
    file: Path, instead_of: str, write: str, line: int, says: str
) -> None:
    assert instead_of in NEW
    found = told(file, NEW.replace(instead_of, write, 1))

    assert any(fault.startswith(f"{line}:") and says in fault for fault in found), found


OLD = sorted((ROOT / "tests" / "vectors" / "plans").glob("*.yaml"))


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_a_file_of_the_first_version_is_still_a_plan(path: Path) -> None:
    plan = read_plan(path)

    assert (plan.yardstick_ppm, plan.policy.alone_after_s, plan.policy.resume_after_s) == (0, None, None)


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_a_plan_kept_by_the_first_version_is_still_read(path: Path) -> None:
    kept = msgspec.json.decode(path.with_suffix(".json").read_bytes(), type=Plan)

    assert (kept.stages, kept.gates) == (read_plan(path).stages, read_plan(path).gates)
    assert kept.statistics.least_listeners == Statistics().least_listeners


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_plan_is_kept_whole(path: Path) -> None:
    plan = read_plan(path)

    assert msgspec.json.decode(msgspec.json.encode(plan, order="sorted"), type=Plan) == plan


@pytest.mark.parametrize(
    ("instead_of", "write", "line", "says"),
    [
        ("name: small", "name: small\ncolour: red", 3, "colour: unknown key"),
        ("approval: true", "approved: true", 8, "stages.0.approved: unknown key"),
        ("share: 12.5%", "share: 12.5", 5, "expected a share or rate in percent, such as 12.5%"),
        ("share: 12.5%", "share: 120%", 5, "less than or equal to 1"),
        ("hold: 90m", "hold: 90", 6, "expected a duration with its unit"),
        ("hold: 90m", "hold: 0m", 6, "must be more than 0"),
        ("hold: 90m", "steps: [{share: 1%, hold: 1h}]", 4, "either a share and a hold, or steps"),
        ("    share: 12.5%\n", "", 4, "a stage needs a share and a hold, or steps"),
        ("name: some", "name: Some Stage", 4, "stages.0.name"),
        ("[ghoul]", "[ghoul, pip_boy]", 7, "unknown character: pip_boy"),
        ("22:00-06:00", "22:00", 9, "stages.0.hours.between"),
        ("[mon, tue]", "[monday]", 9, "stages.0.hours.on"),
        ("Asia/Taipei", "Asia/Atlantis", 9, "unknown time zone 'Asia/Atlantis'"),
        ("error_rate: ", "error_rat: ", 15, "gates.error_rat"),
        ('"< 1%"', '"> 1%"', 15, "expected '< 1%', not '> 1%'"),
        ('"> 5%"', '"5%"', 15, "expected '> 5%', not '5%'"),
        ('"< 1%"', '"< 1s"', 15, "expected a share or rate in percent, such as 12.5%"),
        ('"< 1%"', '"> 1s"', 15, "expected '< 5%', not '> 1s'"),
        ('"< 1.5s"', '"< 15%"', 16, "expected a duration with its unit"),
        ('"< 1.5s"', '"< 1.6s"', 16, "1.6 s is not an edge of the histogram; use one of 0.35, 0.75, 1, 1.5"),
        ('"> 10%"', '"> 100%"', 15, "100% can never be crossed"),
        ('"> 10%"', '"> 3%"', 15, "step_back must be worse than target, and roll_back worse than both"),
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
        ("a0: &a0 {k: 1}\n" + "".join(f"a{n}: &a{n} {{<<: *a{n - 1}}}\n" for n in range(1, 2000)), 102, "merge"),
        ("a: &a {k: 1}\nb: {<<: [" + "*a, " * 5000 + "]}", 2, "aliases"),
    ],
    ids=["brackets", "braces", "blocks", "digits", "merges", "aliases"],
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


BROKEN = """\
version: 1
name: Bad Name
yardstick: 60%
colour: red
stages:
  - {name: a, share: 0%, hold: 0h, gates: {error_rate: {target: "> 2%"}, p99_synthesis: {target: "< 4s"}}}
  - {name: b, share: 100, hold: 1h, shadow: 20%}
  - {name: c, hold: 1h, characters: [nobody]}
  - gone
gates:
  success_rate: {target: "< 95%", roll_back: "< 90%"}
  error_rate: {target: "5%", step_back: "> 1%"}
  mean_synthesis: {target: "< 2s", stepback: "> 3s"}
  p95_synthesis: {target: "< 3s"}
policy: {when_alone: maybe, resume: {after: 0s}, missed: never}
statistics: {quiet: 30s, slower_ratio: 0.5}
"""


def test_what_cannot_be_read_hides_no_other_fault_and_invents_none(file: Path) -> None:
    assert [fault.split(":")[:2] for fault in told(file, BROKEN)] == [
        ["2", " name"],
        ["3", " yardstick"],
        ["4", " colour"],
        ["6", " stages.0.gates.error_rate.target"],
        ["6", " stages.0.hold"],
        ["7", " stages.1.share"],
        ["8", " stages.2"],
        ["8", " stages.2.characters"],
        ["9", " stages.3"],
        ["11", " gates.success_rate.target"],
        ["12", " gates.error_rate.target"],
        ["13", " gates.mean_synthesis.stepback"],
        ["14", " gates.p95_synthesis.target"],
        ["15", " policy.missed"],
        ["15", " policy.when_alone"],
        ["15", " policy.resume.after"],
        ["16", " statistics.slower_ratio"],
        ["16", " statistics.quiet"],
    ]


@pytest.mark.parametrize(
    ("content", "places"),
    [
        ("- a list", ["1"]),
        ("version: 1", ["1", "1", "1"]),
        ("version: 1\nname: x\nstages: 7\ngates: {}", ["3", "4"]),
        ("version: 1\nname: x\nstages: []\ngates: [1]", ["3", "4"]),
        ("version: 1\nname: x\nstages: []\ngates: {error_rate: 5, fallback: {}}", ["3", "4", "4"]),
    ],
)
def test_a_file_of_which_little_is_left_is_refused_all_the_same(
    file: Path, content: str, places: list[str]
) -> None:
    assert [fault.partition(":")[0] for fault in told(file, content)] == places


@pytest.mark.parametrize(
    ("gates", "says"),
    [
        (
            '{error_rate: {target: "< 10%"}}',
            "none of them has a step_back or roll_back level, so the candidate is never taken back",
        ),
        ("{error_rate: {}}", "has no target, step_back, roll_back or margin, so it cannot pass or fail"),
        ('{cache_hit_rate: {target: "> 90%", roll_back: "< 50%"}}', "cache hits do not depend on the arm"),
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


def test_a_part_is_written_in_percent() -> None:
    assert parse_percent("95%") == 0.95
    for wrong in ("0.95", "120%"):
        with pytest.raises(InvalidRequest):
            parse_percent(wrong)


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
    assert "a person must approve" in said
    assert "from 22:00 to 06:00 (Asia/Taipei) on Mon, Tue" in said
    assert "50 % of the listeners of all characters hear the candidate for 1 d; then 100 %" in said
    assert "with at most 1 % error probability, error_rate below 1 %, mean_synthesis below 1.5 s" in said
    assert "error_rate worse than the baseline's by at most 2 %" in said
    assert "(P1) on error_rate above 5 %" in said
    assert "(P0) on error_rate above 10 %, mean_synthesis above 5 s" in said
    assert "cools down for 30 min. After 2 step backs it rolls back" in said
    assert "At a share of 100 % no listener is left on the baseline for a comparison" in said
    assert "confirm or refute stops the rollout from advancing while it lasts; a person can roll back" in said


def test_the_newer_keys_are_said_in_words(file: Path) -> None:
    said = "\n".join(in_words(read(file, NEW)))

    assert "20 % of the requests that the baseline answers are also sent to the candidate as shadow" in said
    assert "targets of this stage: error_rate below 3 %" in said
    assert "2 % of the listeners stay on the baseline at every share, and after the plan has finished" in said
    assert "at most 5,000 characters of text a day, 3 at the same time" in said
    assert "certainly missed when the hold has been over for another hold, the rollout rolls back" in said
    assert "confirm or refute causes a rollback when it has lasted 2 h" in said
    assert "1 h after a rollback by the judge, the rollout resumes automatically" in said


def test_who_must_meet_the_targets_while_nobody_hears_the_candidate_is_said(file: Path) -> None:
    silent = SMALL.replace("share: 12.5%", "share: 0%")
    shadowed = silent.replace("    approval: true", "    shadow: 50%")

    assert "; the baseline must meet the targets" in "\n".join(in_words(read(file, silent)))
    assert "; the candidate must meet the targets" in "\n".join(in_words(read(file, shadowed)))


def test_a_time_is_said_in_the_largest_unit_that_divides_it() -> None:
    assert [span(time_s) for time_s in (86_400.0, 5400.0, 90.0, 0.5)] == ["1 d", "90 min", "90 s", "0.5 s"]


def keys_of(schema: dict[str, Any]) -> set[str]:
    objects = [schema, *schema["$defs"].values()]
    keys = {key for entry in objects for key in entry.get("properties", {})}
    return keys | set(schema["$defs"]["GateMetric"]["enum"])


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
