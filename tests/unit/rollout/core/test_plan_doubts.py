"""What a plan does not see although it can be used: of a candidate that dies at once, and of nobody to ask."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.config.plan_file import read_plan
from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S
from segue.rollout.core.decide import decide
from segue.rollout.core.evidence import absorbed, nothing_yet
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import Plan, Policy, Stage, Step
from segue.rollout.core.plan_doubts import doubts
from segue.rollout.core.rollout import RolloutState, Verb, started
from segue.rollout.core.windows import Slot, Tally
from support.paths import PLANS

SHIPPED = sorted(path.stem for path in PLANS.glob("*.yaml"))
HALF = Stage("half", (Step(500_000, 60.0),))
NOBODY = Stage("nobody", (Step(0, 60.0),))
SHADOW = replace(NOBODY, name="shadow", shadow_ppm=200_000)
EVERYONE = Stage("everyone", (Step(1_000_000, 60.0),))
ERRORS = Gate(GateMetric.ERROR_RATE, 0.01, 0.05, 0.1)
MEAN = Gate(GateMetric.MEAN_SYNTHESIS, 2.0, roll_back=5.0)
RESCUES = Gate(GateMetric.FALLBACK_RATE, 0.05, roll_back=0.2)
UNSERVED = Gate(GateMetric.UNSERVED_RATE, roll_back=0.5)
SUCCESS = Gate(GateMetric.SUCCESS_RATE, 0.95, roll_back=0.9)


def plan_of(*gates: Gate, stages: tuple[Stage, ...] = (NOBODY, HALF)) -> Plan:
    return Plan("test", stages, gates)


def told(*gates: Gate, fallback: bool = True, stages: tuple[Stage, ...] = (NOBODY, HALF)) -> str:
    return "\n".join(doubts(plan_of(*gates, stages=stages), fallback=fallback))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("fallback", [True, False])
def test_the_plans_that_ship_see_a_candidate_that_dies(name: str, fallback: bool) -> None:
    plan = read_plan(PLANS / f"{name}.yaml")

    assert not [one for one in doubts(plan, fallback=fallback) if "fails completely" in one]


@pytest.mark.parametrize("name", ["small-team", "careful", "chirp3"])
def test_a_candidate_that_is_dead_in_the_shadow_is_rolled_back_before_anybody_hears_it(name: str) -> None:
    """A listener a minute; the breaker turns all away but the first five."""
    plan = read_plan(PLANS / f"{name}.yaml")
    state, evidence = started(RolloutState(), plan, "plan", 0.0), nothing_yet(0.0)
    answered = Tally(units=1.0, timed=1.0, seconds=0.8, over=(1.0, 1.0, *[0.0] * (len(EDGES_S) - 2)))
    failed = Tally(units=1.0, errors=1.0, parts=0b111111)
    turned_away = Tally(units=1.0, refused=1.0, parts=0b111111)

    for minute in range(20):
        who = f"character-{minute % 4}"
        made = failed if minute < 5 else turned_away
        slot = Slot(60.0 * minute, 60.0, {(Arm.BASELINE, who): answered}, shadow={who: made})
        evidence = absorbed(evidence, slot, plan, frozenset({who}))

    assert decide(plan, state, evidence, 1200.0).verb is Verb.ROLL_BACK


@pytest.mark.parametrize(
    "gates",
    [
        (ERRORS,),
        (ERRORS, MEAN),
        (ERRORS, UNSERVED),
        (Gate(GateMetric.BAD_AUDIO_RATE, 0.01, roll_back=0.1),),
        (Gate(GateMetric.P95_FIRST_AUDIO, 0.5, roll_back=2.0),),
        (ERRORS, Gate(GateMetric.SUCCESS_RATE, 0.95), Gate(GateMetric.FALLBACK_RATE, 0.05)),
    ],
    ids=["errors", "errors-mean", "errors-unserved", "bad-audio", "first-audio", "no-levels"],
)
def test_without_an_alarm_that_counts_calls_turned_away_a_dead_candidate_is_not_seen(
    gates: tuple[Gate, ...],
) -> None:
    assert "a candidate that fails completely raises no alarm of this plan" in told(*gates)
    assert "only success_rate and fallback_rate count refused calls." in told(*gates)


@pytest.mark.parametrize(
    "seeing", [SUCCESS, RESCUES, replace(RESCUES, target=None, roll_back=None, step_back=0.1)]
)
def test_one_alarm_that_counts_them_is_enough(seeing: Gate) -> None:
    assert told(ERRORS, seeing) == ""


def test_with_the_fallback_off_nothing_is_handed_on_and_who_hears_nothing_tells() -> None:
    assert "only success_rate and unserved_rate count refused calls while the fallback is off." in told(
        ERRORS, RESCUES, fallback=False
    )
    assert told(ERRORS, UNSERVED, fallback=False) == told(ERRORS, SUCCESS, fallback=False) == ""


def test_stages_that_would_end_with_a_dead_candidate_are_named() -> None:
    """A step for nobody is read on the baseline, and is none; a duration has nothing to be read on, and holds."""
    assert told(ERRORS).endswith("These stages would still end with their targets met: half.")
    assert "would still end" not in told(ERRORS, MEAN)
    assert "would still end" not in told(ERRORS, Gate(GateMetric.SUCCESS_RATE, 0.95))
    assert "would still end" not in told(
        ERRORS,
        Gate(GateMetric.SUCCESS_RATE),
        stages=(NOBODY, replace(HALF, targets={GateMetric.SUCCESS_RATE: 0.9})),
    )


def test_in_the_shadow_nothing_is_handed_on_so_that_the_success_rate_alone_tells() -> None:
    stages = (SHADOW, HALF)

    blind = told(ERRORS, RESCUES, stages=stages)

    assert blind.startswith(
        "a candidate that fails completely in the shadow (shadow) raises no alarm of this plan"
    )
    assert blind.endswith("These stages would still end with their targets met: shadow.")
    assert "would still end" not in told(ERRORS, RESCUES, MEAN, stages=stages)
    assert told(ERRORS, SUCCESS, stages=stages) == ""
    assert len(doubts(plan_of(ERRORS, stages=stages), fallback=True)) == 1


def test_nobody_on_the_baseline_and_nothing_handed_on_leaves_every_alarm_alone() -> None:
    stages = (HALF, EVERYONE)
    plan = plan_of(ERRORS, SUCCESS, stages=stages)

    (doubt,) = doubts(plan, fallback=False)

    assert doubt.startswith("at a share of 100 % (everyone) no listener hears the baseline")
    assert doubts(plan, fallback=True) == []
    assert doubts(replace(plan, yardstick_ppm=10_000), fallback=False) == []
    assert doubts(replace(plan, policy=Policy(alone_after_s=0.0)), fallback=False) == []
    assert doubts(plan_of(ERRORS, SUCCESS), fallback=False) == []
