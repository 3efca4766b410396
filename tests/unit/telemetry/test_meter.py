"""What a worker counts for the judge: units, once each, on the arm that they were assigned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.core.assign import Assignment, Diversion, Reason
from segue.core.errors import ErrorCode
from segue.core.speech import Arm, AudioFormat, SpeechRequest, Unit, UnitSource
from segue.ports.recorder import Attempt, Hit, Outcome, Served
from segue.telemetry.meter import Meter, Pace
from segue.telemetry.units import Fate
from segue.testing.clock import FakeClock
from segue.testing.recorder import RememberingRecorder

if TYPE_CHECKING:
    from segue.telemetry.units import UnitSeen

IN_SHARE = Assignment(Arm.CANDIDATE, Reason.IN_SHARE)
OUTSIDE = Assignment(Arm.BASELINE, Reason.OUTSIDE_SHARE)


def a_request(user: str = "ann", *, forced: Arm | None = None) -> SpeechRequest:
    return SpeechRequest(
        text="歡迎回來。",
        character_key="ghoul",
        unit=Unit(user, UnitSource.USER),
        request_id="the same for all",
        dialect="native",
        audio_format=AudioFormat(),
        forced_arm=forced,
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(900_000.0)


@pytest.fixture
def inner() -> RememberingRecorder:
    return RememberingRecorder()


@pytest.fixture
def meter(inner: RememberingRecorder, clock: FakeClock) -> Meter:
    return Meter(inner, clock, Pace(60.0, 900.0))


def tries(
    meter: Meter,
    request: SpeechRequest,
    arm: Arm = Arm.CANDIDATE,
    error: ErrorCode | None = None,
    duration_s: float = 0.3,
    first_audio_s: float | None = None,
) -> None:
    meter.attempted(Attempt(request, arm, arm.value, "ghoul", duration_s, error, first_audio_s=first_audio_s))


def answers(
    meter: Meter,
    request: SpeechRequest,
    outcome: Outcome = Outcome.SERVED,
    assignment: Assignment = IN_SHARE,
) -> None:
    arm, diversion = assignment.arm, None
    if outcome is Outcome.SERVED_BY_FALLBACK:
        arm, diversion = Arm.BASELINE, Diversion.FALLBACK
    source = "" if outcome is Outcome.FAILED else "new"
    meter.served(Served(request, "ghoul", assignment, arm, arm.value, outcome, source, 0.4, diversion))


def fates(units: list[UnitSeen]) -> list[tuple[Arm, Fate]]:
    return [(unit.arm, Fate(unit.fate & ~Fate.CANDIDATE)) for unit in units]


def test_a_success_is_a_unit_with_its_time(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, duration_s=0.7)
    answers(meter, request)

    (unit,) = meter.take().units
    assert (unit.arm, unit.fate, unit.seconds) == (Arm.CANDIDATE, Fate.CANDIDATE, 0.7)


@pytest.mark.parametrize(
    ("error", "counts"), [(None, True), (ErrorCode.DEADLINE, True), (ErrorCode.BAD_AUDIO, False)]
)
def test_a_stream_is_a_unit_with_the_time_to_its_first_sound_unless_it_failed_otherwise(
    meter: Meter, inner: RememberingRecorder, error: ErrorCode | None, counts: bool
) -> None:
    request = a_request()
    tries(meter, request, error=error, duration_s=0.7, first_audio_s=0.2)
    answers(meter, request)

    (unit,) = meter.take().units
    (told,) = inner.units
    assert unit.first_audio_s == told.first_audio_s == (0.2 if counts else None)


def test_audio_asked_for_whole_has_no_first_sound_of_its_own(meter: Meter) -> None:
    request = a_request()
    tries(meter, request)
    answers(meter, request)

    (unit,) = meter.take().units
    assert unit.first_audio_s is None


def test_a_rescue_is_an_error_and_a_fallback_of_the_candidate_and_nothing_of_the_baseline(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, error=ErrorCode.INTERNAL)
    meter.fell_back(request, "ghoul", ErrorCode.INTERNAL)
    tries(meter, request, Arm.BASELINE)
    answers(meter, request, Outcome.SERVED_BY_FALLBACK)

    units = meter.take().units
    assert fates(units) == [(Arm.CANDIDATE, Fate.ERROR | Fate.FALLBACK)]
    assert units[0].seconds is None


def test_what_the_baseline_does_for_a_candidate_whose_quota_is_spent_is_no_evidence(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, Arm.BASELINE)
    answers(meter, request)

    assert meter.take().units == []


def test_bad_audio_is_told_from_other_errors_and_a_timeout_has_a_time(meter: Meter) -> None:
    for user, error in (("ann", ErrorCode.BAD_AUDIO), ("bob", ErrorCode.DEADLINE)):
        request = a_request(user)
        tries(meter, request, error=error, duration_s=15.0)
        answers(meter, request, Outcome.SERVED_BY_FALLBACK)

    bad, late = sorted(meter.take().units, key=lambda unit: unit.seconds or 0.0)
    assert fates([bad, late]) == [(Arm.CANDIDATE, Fate.ERROR | Fate.BAD_AUDIO), (Arm.CANDIDATE, Fate.ERROR)]
    assert (bad.seconds, late.seconds) == (None, 15.0)


@pytest.mark.parametrize("why", ["breaker_open", "overloaded"])
def test_a_candidate_that_was_not_asked_is_refused_and_fallen_back_from(meter: Meter, why: str) -> None:
    request = a_request()
    meter.fell_back(request, "ghoul", why)
    tries(meter, request, Arm.BASELINE)
    answers(meter, request, Outcome.SERVED_BY_FALLBACK)

    assert fates(meter.take().units) == [(Arm.CANDIDATE, Fate.REFUSED | Fate.FALLBACK)]


def test_a_request_that_nobody_could_answer_is_unserved(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, error=ErrorCode.UNAVAILABLE)
    answers(meter, request, Outcome.FAILED)
    answers(meter, a_request("bob"), Outcome.FAILED, OUTSIDE)

    assert fates(meter.take().units) == [
        (Arm.CANDIDATE, Fate.ERROR | Fate.UNSERVED),
        (Arm.BASELINE, Fate.REFUSED | Fate.UNSERVED),
    ]


def test_a_unit_counts_once_in_a_window_and_again_in_the_next(meter: Meter, clock: FakeClock) -> None:
    for _ in range(20):
        request = a_request()
        tries(meter, request, error=ErrorCode.INTERNAL)
        answers(meter, request, Outcome.SERVED_BY_FALLBACK)
    first = meter.take()
    clock.advance(60.0)
    tries(meter, a_request())
    assert (len(first.units), meter.take().units) == (1, [])

    clock.advance(900.0)
    request = a_request()
    tries(meter, request)
    answers(meter, request)
    again = meter.take()
    assert len(again.units) == 1
    assert again.window == first.window + 1
    assert again.units[0].number != first.units[0].number, "no sample stays the same one"


def test_a_second_try_of_a_request_is_no_second_unit(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, Arm.BASELINE, ErrorCode.INTERNAL)
    tries(meter, request, Arm.BASELINE)
    answers(meter, request, assignment=OUTSIDE)

    assert fates(meter.take().units) == [(Arm.BASELINE, Fate.ERROR)]


def test_forced_requests_are_no_evidence(meter: Meter) -> None:
    request = a_request(forced=Arm.CANDIDATE)
    tries(meter, request, error=ErrorCode.INTERNAL)
    answers(meter, request, assignment=Assignment(Arm.CANDIDATE, Reason.FORCED))

    seen = meter.take()
    assert seen.units == []
    assert seen.split == ([], [])


def test_units_assigned_by_share_are_counted_for_the_split_once_a_slot(meter: Meter) -> None:
    for user in ("ann", "bob", "ann"):
        answers(meter, a_request(user))
    hit = Hit(a_request("eve"), "ghoul", OUTSIDE, Arm.BASELINE, "baseline", "memory", None, ())
    meter.recalled(hit)
    meter.recalled(hit)

    candidate, baseline = meter.take().split
    assert (len(candidate), len(baseline)) == (2, 1)
    assert meter.take().split == ([], [])


def test_lookups_and_hits_are_counted(meter: Meter, inner: RememberingRecorder) -> None:
    meter.looked_up("wavenet", None)
    meter.looked_up("wavenet", "file")
    meter.recalled(Hit(a_request(), "ghoul", OUTSIDE, Arm.BASELINE, "baseline", "memory", None, ()))

    seen = meter.take()
    assert (seen.hits, seen.lookups) == (2, 3)
    assert inner.lookups["wavenet", "file"] == 1


def test_requests_under_way_count_in_the_slot_of_their_answer(meter: Meter) -> None:
    request = a_request()
    tries(meter, request)
    assert meter.take().units == []

    answers(meter, request)
    assert len(meter.take().units) == 1


def test_what_abandoned_requests_did_counts_in_the_end(meter: Meter, clock: FakeClock) -> None:
    tries(meter, a_request(), error=ErrorCode.INTERNAL)
    clock.advance(121.0)

    assert fates(meter.take().units) == [(Arm.CANDIDATE, Fate.ERROR)]


def test_memory_is_bounded_and_what_is_kept_is_a_fair_sample(meter: Meter) -> None:
    for number in range(50_000):
        request = a_request(f"user-{number}")
        tries(meter, request, error=ErrorCode.INTERNAL if number % 10 == 0 else None)
        answers(meter, request)

    seen = meter.take()
    failed = sum(bool(unit.fate & Fate.ERROR) for unit in seen.units)
    assert len(seen.units) <= 20_000
    assert len(seen.units) > 9_000
    assert all(unit.number < seen.threshold for unit in seen.units)
    assert failed / len(seen.units) == pytest.approx(0.1, abs=0.015)


def test_everything_is_handed_on(meter: Meter, inner: RememberingRecorder) -> None:
    request = a_request()
    tries(meter, request, error=ErrorCode.INTERNAL)
    meter.fell_back(request, "ghoul", ErrorCode.INTERNAL)
    answers(meter, request, Outcome.SERVED_BY_FALLBACK)

    assert len(inner.attempts) == 1
    assert inner.fallbacks["ghoul", "internal"] == 1
    assert len(inner.answers) == 1
