"""The arrays of many runs beside the evidence of the core, fed with the same slots."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.kernel.arms import Arm
from segue.rollout.core.alarms import alarms
from segue.rollout.core.compare import Block, Rates
from segue.rollout.core.detect import EvidenceRun
from segue.rollout.core.evidence import (
    Evidence,
    Looking,
    absorbed,
    begun_anew,
    candidate_of,
    nothing_yet,
    unwatched,
    without,
)
from segue.rollout.core.windows import PARTS, Slot, Tally
from segue.rollout.simulation.drawn import Drawn
from segue.rollout.simulation.fold import Fold, Played
from support.simulation import CHARACTERS

if TYPE_CHECKING:
    from segue.rollout.core.detect import Detector
    from segue.rollout.core.plan import Plan

RUNS = 3
SLOT_S = 60.0
_NEAR = 1e-6
"""Sums of many slots, added in another order."""


class Both:
    """The same runs twice: in arrays, and one by one as the judge in production has them."""

    def __init__(self, plan: Plan) -> None:
        self.fold = Fold(plan, CHARACTERS, RUNS)
        self.known: list[Evidence] = [nothing_yet(0.0)] * RUNS
        self.now_s = 0.0
        self._plan = plan
        self._eligible: list[frozenset[str]] = [frozenset(CHARACTERS)] * RUNS

    def slot(  # noqa: PLR0913 - each is a way in which slots differ
        self,
        candidate: Drawn,
        baseline: Drawn,
        shadow: Drawn,
        *,
        parts: int = PARTS,
        holds: bool = True,
        watched: bool = True,
        by_candidate: bool = True,
        promoting: float = 1.0,
    ) -> None:
        """One more: in so many ``parts`` of it something failed where anything did."""
        candidate, baseline, shadow = map(self._of_eligible, (candidate, baseline, shadow))
        arms = {Arm.CANDIDATE: candidate, Arm.BASELINE: baseline}
        whole, yes = np.full(RUNS, SLOT_S), np.ones(RUNS, dtype=bool)
        self.fold.step(
            Played(
                start_s=np.full(RUNS, self.now_s),
                length_s=whole,
                lasted_s=whole * parts / PARTS,
                arms=arms,
                shadow=shadow,
                lookups=np.full(RUNS, 100.0),
                hits=np.full(RUNS, 95.0),
                holds=yes & holds,
                watched=yes & watched,
                by_candidate=yes & by_candidate,
                promoting=promoting,
            )
        )
        looking = Looking(holds and watched, Arm.CANDIDATE if by_candidate else Arm.BASELINE)
        for run, evidence in enumerate(self.known):
            slot = _as_slot(arms, shadow, run, self.now_s, parts)
            if promoting < 1.0:
                slot = replace(slot, daily={key: _times(tally, promoting) for key, tally in slot.tallies.items()})
            before = evidence if watched else unwatched(evidence)
            after = absorbed(before, slot, self._plan, self._eligible[run], looking)
            self.known[run] = after if watched else unwatched(after)
        self.now_s += SLOT_S

    def silence(self, slots: int) -> None:
        """Nobody calls, and a source leaves such slots out."""
        self.now_s += slots * SLOT_S

    def begin(self) -> None:
        """The next step."""
        for run in range(RUNS):
            self.fold.begin(run, self.now_s)
        self.known = [begun_anew(evidence, self.now_s) for evidence in self.known]

    def go_back(self) -> None:
        for run in range(RUNS):
            self.fold.forget(run)
            self.fold.begin(run, self.now_s)
        self.known = [nothing_yet(self.now_s)] * RUNS

    def take_back(self, character: str) -> None:
        for run in range(RUNS):
            self.fold.forget_character(run, character)
            self._eligible[run] -= {character}
        self.known = [without(evidence, frozenset({character}), self.now_s) for evidence in self.known]

    def agree(self) -> None:
        """Asserts that both know the same."""
        ringing = self.fold.ringing(accusing=False)
        for run, expected in enumerate(self.known):
            found = self.fold.evidence(run, self.now_s)
            _same_watches(found, expected)
            _same_counts(found.total, expected.total)
            _same_counts(found.step, expected.step)
            assert found.held_s == pytest.approx(expected.held_s)
            assert (found.heard_until_s is None) == (expected.heard_until_s is None)
            assert found.characters == expected.characters
            rung = self._rung(expected)
            assert ringing[run] == bool(rung)
            assert self._rung(found) == rung

    @property
    def rings(self) -> bool:
        """In any run."""
        return any(map(self._rung, self.known))

    def _rung(self, evidence: Evidence) -> set[tuple[str, str]]:
        """By units: what is watched by listeners is none of the arrays'."""
        return {
            (alarm.gate.metric, alarm.scope) for alarm in alarms(self._plan, replace(evidence, by_listener={}))
        }

    def _of_eligible(self, drawn: Drawn) -> Drawn:
        who = np.array([[name in eligible for name in CHARACTERS] for eligible in self._eligible])
        return Drawn(*(getattr(drawn, name) * who for name in Drawn.__slots__))


def _as_slot(arms: dict[Arm, Drawn], shadow: Drawn, run: int, start_s: float, parts: int) -> Slot:
    """One run's part of it, as the core is told: whoever was not heard is left out."""
    tallies = {
        (arm, name): replace(drawn.tally(run, number), parts=(1 << parts) - 1)
        for arm, drawn in arms.items()
        for number, name in enumerate(CHARACTERS)
        if drawn.units[run, number]
    }
    unheard = {
        name: replace(shadow.tally(run, number), parts=(1 << parts) - 1)
        for number, name in enumerate(CHARACTERS)
        if shadow.units[run, number]
    }
    return Slot(start_s, SLOT_S, tallies, hits=95.0, lookups=100.0, shadow=unheard)


def _times(tally: Tally, factor: float) -> Tally:
    plain = {name: getattr(tally, name) * factor for name in _COUNTS}
    over, late = (tuple(count * factor for count in counts) for counts in (tally.over, tally.late))
    return Tally(over=over, late=late, parts=tally.parts, **plain)


_COUNTS = tuple(entry.name for entry in fields(Tally) if entry.name not in {"over", "late", "parts"})


def _same_watches(found: Evidence, expected: Evidence) -> None:
    assert found.watches.keys() == expected.watches.keys()
    for key, watch in expected.watches.items():
        ours, theirs = (
            np.array([_numbers(way) for way in one.ways], dtype=np.float64) for one in (found.watches[key], watch)
        )
        assert np.allclose(ours, theirs, rtol=1e-6, atol=_NEAR, equal_nan=True), (key, ours, theirs)


def _numbers(way: Detector) -> list[float]:
    """All that it knows; what it does not know is not a number."""
    if way.run is None or way.comparison is None:
        return [way.log_e] + [math.nan] * (len(fields(EvidenceRun)) + _COMPARED)
    compared = way.comparison
    counted = [getattr(way.run, field.name) for field in fields(EvidenceRun)]
    return [way.log_e, *counted, *compared.rates, compared.log_e, compared.other_trials, *compared.open]


_COMPARED = len(Rates._fields) + len(Block._fields) + 2


def _same_counts(found: Slot, expected: Slot) -> None:
    assert np.allclose(_counted(found), _counted(expected))


def _counted(slot: Slot) -> list[float]:
    counts = [float(slot.hits), float(slot.lookups)]
    for name in CHARACTERS:
        for tally in (candidate_of(slot, frozenset({name})), slot.of(Arm.BASELINE, (name,))):
            counts += [*(getattr(tally, count) for count in _COUNTS), *tally.over, *tally.late]
    return counts
