"""Values for hypothesis to draw about rollouts: plans, traffic, and journeys of a rollout under the judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from segue.kernel.assign import Routing
from segue.kernel.units import PPM
from segue.rollout.core import rollout
from segue.rollout.core.decide import Decision, decide
from segue.rollout.core.evidence import Evidence, Looking, absorbed, begun_anew, nothing_yet, went_on, without
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import Hours, Missed, Plan, Policy, Stage, Statistics, Step
from segue.rollout.core.plan_faults import faults
from segue.rollout.core.rollout import NotNow, Phase, RolloutState, RoutingChange, Verb
from support.rollouts import NOON_S, SEVERAL, Kind, Minute, chirp3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    Change: TypeAlias = Callable[[RolloutState, Plan, float], RolloutState]

CHARACTERS = SEVERAL

shares = st.sampled_from([0, 1, PPM // 100, PPM // 10, PPM // 4, PPM // 2, PPM - 1, PPM]) | st.integers(0, PPM)
some_characters = st.frozensets(st.sampled_from(CHARACTERS), max_size=2)
steps = st.lists(st.builds(Step, shares, st.sampled_from([30.0, 60.0, 150.0, 600.0])), min_size=1, max_size=2)
hours = st.none() | st.builds(
    Hours,
    st.integers(0, 1440),
    st.integers(0, 1440),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.sampled_from(["UTC", "Asia/Taipei", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"]),
).filter(lambda hours: not hours.never)
stages = st.builds(Stage, st.just("any"), steps.map(tuple), some_characters, st.booleans(), hours)

_FEW_GATES = (
    Gate(GateMetric.ERROR_RATE, target=0.1, step_back=0.1, roll_back=0.2, margin=0.1),
    Gate(GateMetric.P95_SYNTHESIS, target=2.5, roll_back=10.0, margin=0.1),
)
_FIRST_AUDIO_GATES = (
    *_FEW_GATES,
    Gate(GateMetric.P50_FIRST_AUDIO, step_back=0.5),
    Gate(GateMetric.P95_FIRST_AUDIO, target=1.0, step_back=1.0, roll_back=2.0, margin=0.1),
)
_QUICK = Statistics(
    slots_between_false_alarms=100.0, promotion_alpha=0.2, least_units=20.0, least_baseline_units=5.0
)

plans = st.builds(
    Plan,
    st.just("any"),
    st.lists(stages, min_size=1, max_size=4).map(tuple),
    st.sampled_from([_FEW_GATES, _FIRST_AUDIO_GATES, chirp3().gates]),
    st.just(_QUICK),
    st.builds(
        Policy,
        st.sampled_from([0.0, 90.0, 600.0]),
        st.integers(0, 3),
        missed=st.sampled_from(Missed),
        alone_after_s=st.sampled_from([None, None, 0.0, 300.0]),
        resume_after_s=st.sampled_from([None, None, 0.0, 90.0]),
    ),
    yardstick_ppm=st.sampled_from([0, 0, PPM // 100]),
).filter(lambda plan: not faults(plan))

kinds = st.builds(
    Kind,
    errors=st.sampled_from([0.0, 0.0, 0.0, 0.08, 0.15, 0.5]),
    refused=st.sampled_from([0.0, 0.0, 0.1, 0.4]),
    took_s=st.sampled_from([0.5, 0.5, 3.0, 12.0]),
    slow=st.sampled_from([0.0, 0.0, 0.1]),
    streamed=st.sampled_from([0.0, 0.5, 1.0]),
    late=st.sampled_from([0.0, 0.0, 0.1, 0.8]),
)
healthy = st.sampled_from([Kind(), Kind(streamed=0.5)])
numbers = st.sampled_from([0.0, 0.0, 3.0, 40.0, 400.0, 4000.0])
minutes = st.builds(
    Minute,
    candidate=healthy | kinds,
    baseline=healthy | kinds,
    candidate_units=numbers,
    baseline_units=numbers,
    characters=st.sampled_from([CHARACTERS, CHARACTERS[:1], ()]),
    apart=st.none() | st.fixed_dictionaries({"pip_boy": kinds}),
    cache_hit_rate=st.sampled_from([0.5, 0.97]),
    assigned=st.sampled_from([(0, 0), (0, 0), (50, 50), (300, 10)]),
    fallback=st.booleans(),
)
silent = Minute(candidate_units=0.0, baseline_units=0.0, cache_hit_rate=0.0)

PEOPLE: dict[str, Change] = {
    "advance": rollout.advanced,
    "approve": lambda state, plan, _: rollout.approved(state, plan),
    "pause": lambda state, _, now_s: rollout.paused(state, now_s),
    "resume": rollout.resumed,
    "step_back": rollout.stepped_back,
    "hold_back": lambda state, _, now_s: rollout.held_back(state, "pip_boy", now_s),
    "release": lambda state, _, now_s: rollout.released(state, "pip_boy", now_s),
    "roll_back": lambda state, _, now_s: rollout.rolled_back(state, now_s),
    "restart": lambda state, plan, now_s: rollout.started(state, plan, "plan", now_s),
    "start_last": lambda state, plan, now_s: rollout.started(
        state, plan, "plan", now_s, stage=len(plan.stages) - 1
    ),
    "end": lambda state, plan, _: rollout.ended(state, plan),
    "a_hundredth": lambda state, _, now_s: rollout.routing_set(state, RoutingChange(share_ppm=PPM // 100), now_s),
    "switch_off": lambda state, _, now_s: rollout.routing_set(state, RoutingChange(enabled=False), now_s),
    "reboot": lambda state, _, __: rollout.booted(state, Routing(True, PPM // 5, salt="again")),
}
"""What a person may do to a rollout, by name."""


@dataclass(frozen=True, slots=True)
class Move:
    """A while of the same traffic (None: the source is silent), then perhaps a person, then the judge."""

    wait_s: float
    traffic: Minute | None
    person: str | None = None
    trouble: str = ""


moves = st.builds(
    Move,
    wait_s=st.sampled_from([0.0, 1.0, 59.9, 60.0, 60.0, 600.0, 600.0, 86_400.0]),
    traffic=minutes
    | st.just(Minute(candidate_units=400.0, baseline_units=400.0, characters=CHARACTERS))
    | st.none(),
    person=st.none() | st.none() | st.sampled_from(sorted(PEOPLE)),
    trouble=st.sampled_from(["", "", "", "gone"]),
)


@dataclass(frozen=True, slots=True)
class Look:
    """One look of the judge: what it saw, what it said, and what came of it."""

    plan: Plan
    before: RolloutState
    evidence: Evidence
    now_s: float
    decision: Decision
    after: RolloutState


def journey(plan: Plan, course: list[Move]) -> Iterator[Look]:
    """A rollout from its start through these moves, every decision carried out."""
    now_s = NOON_S
    state = rollout.started(RolloutState(Routing(salt="any")), plan, "plan", now_s)
    evidence = nothing_yet(now_s)
    for move in course:
        now_s += move.wait_s
        if move.traffic is not None:
            slot = move.traffic.slot(now_s - move.wait_s, max(move.wait_s, 1.0))
            on = (state.routing.characters or slot.characters) - state.routing.held_back
            looking = Looking(state.phase in (Phase.RUNNING, Phase.AWAITING_APPROVAL))
            evidence = absorbed(evidence, slot, plan, on, looking)
        state, evidence = _by_a_person(plan, state, evidence, move, now_s)
        looked_at = replace(evidence, trouble=move.trouble)
        decision = decide(plan, state, looked_at, now_s)
        before = state
        if decision.verb is not None:
            state = rollout.decided(state, decision.verb, decision.character, plan, now_s)
            evidence = _followed(evidence, before, state, decision.verb)
        yield Look(plan, before, looked_at, now_s, decision, state)


def _by_a_person(
    plan: Plan, state: RolloutState, evidence: Evidence, move: Move, now_s: float
) -> tuple[RolloutState, Evidence]:
    if move.person is None:
        return state, evidence
    try:
        after = PEOPLE[move.person](state, plan, now_s)
    except NotNow:
        return state, evidence
    return after, _followed(evidence, state, after, Verb(move.person) if move.person in set(Verb) else None)


def _followed(evidence: Evidence, before: RolloutState, after: RolloutState, verb: Verb | None) -> Evidence:
    """Of a step entered its own counts begin, under another routing they go on; going back forgets everything."""
    since_s = after.evidence_from_s
    if verb in (Verb.START, Verb.STEP_BACK, Verb.ROLL_BACK):
        return nothing_yet(since_s)
    if after.step_since_s != before.step_since_s:
        return begun_anew(evidence, since_s)
    if verb is Verb.HOLD_BACK:
        return without(evidence, after.routing.held_back - before.routing.held_back, since_s)
    return evidence if before.evidence_from_s == since_s else went_on(evidence, since_s)
