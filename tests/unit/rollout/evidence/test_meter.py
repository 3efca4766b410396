"""What a worker counts for the judge: units, once each, on the arm that they were assigned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.kernel.arms import Arm, Unit, UnitSource
from segue.kernel.assign import Assignment, AssignmentReason, Diversion
from segue.kernel.errors import ErrorCode
from segue.kernel.ports.recorder import Attempt, BulkheadName, Failed, Hit, Outcome, Served
from segue.kernel.units import day_of
from segue.rollout.evidence.meter import Meter, MeterPeriods
from segue.rollout.evidence.units import UnitFlags, place_in_sample
from segue.speech.core.speech import AudioFormat, SpeechRequest
from segue.testing.clock import FakeClock
from segue.testing.recorder import RememberingRecorder

if TYPE_CHECKING:
    from segue.rollout.evidence.units import UnitSeen

IN_SHARE = Assignment(Arm.CANDIDATE, AssignmentReason.IN_SHARE)
OUTSIDE = Assignment(Arm.BASELINE, AssignmentReason.OUTSIDE_SHARE)


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
    return Meter(inner.counted, clock, MeterPeriods(60.0, 900.0))


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


def fates(units: list[UnitSeen]) -> list[tuple[Arm, UnitFlags]]:
    return [(unit.arm, UnitFlags(unit.fate & ~UnitFlags.CANDIDATE)) for unit in units]


def test_a_success_is_a_unit_with_its_time(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, duration_s=0.7)
    answers(meter, request)

    (unit,) = meter.take().units
    assert (unit.arm, unit.fate, unit.seconds) == (Arm.CANDIDATE, UnitFlags.CANDIDATE, 0.7)


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
    assert fates(units) == [(Arm.CANDIDATE, UnitFlags.ERROR | UnitFlags.FALLBACK)]
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
    assert fates([bad, late]) == [
        (Arm.CANDIDATE, UnitFlags.ERROR | UnitFlags.BAD_AUDIO),
        (Arm.CANDIDATE, UnitFlags.ERROR),
    ]
    assert (bad.seconds, late.seconds) == (None, 15.0)


def test_a_candidate_that_was_not_asked_is_refused_and_fallen_back_from(meter: Meter) -> None:
    request = a_request()
    meter.fell_back(request, "ghoul", "breaker_open")
    tries(meter, request, Arm.BASELINE)
    answers(meter, request, Outcome.SERVED_BY_FALLBACK)

    assert fates(meter.take().units) == [(Arm.CANDIDATE, UnitFlags.REFUSED | UnitFlags.FALLBACK)]


def test_our_own_line_is_nobodys_failure(meter: Meter) -> None:
    rescued = a_request()
    meter.fell_back(rescued, "ghoul", "overloaded")
    tries(meter, rescued, Arm.BASELINE)
    answers(meter, rescued, Outcome.SERVED_BY_FALLBACK)
    for reason, arm in ((IN_SHARE, Arm.CANDIDATE), (OUTSIDE, Arm.BASELINE)):
        meter.served(
            Served(
                a_request("bob"), "ghoul", reason, arm, "any", Outcome.FAILED, "", 0.4, None, None, overloaded=True
            )
        )

    assert meter.take().units == []


def test_a_text_of_which_neither_arm_makes_speech_is_nobodys_failure(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, error=ErrorCode.BAD_AUDIO)
    meter.fell_back(request, "ghoul", "bad_audio")
    tries(meter, request, Arm.BASELINE, error=ErrorCode.BAD_AUDIO)
    answers(meter, request, Outcome.FAILED)

    assert meter.take().units == []


def test_an_engine_that_answers_nothing_after_bad_audio_excuses_nobody(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, error=ErrorCode.BAD_AUDIO)
    meter.fell_back(request, "ghoul", "bad_audio")
    tries(meter, request, Arm.BASELINE, error=ErrorCode.UNAVAILABLE)
    answers(meter, request, Outcome.FAILED)

    assert len(meter.take().units) == 1


def test_a_request_that_nobody_could_answer_is_unserved(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, error=ErrorCode.UNAVAILABLE)
    answers(meter, request, Outcome.FAILED)
    answers(meter, a_request("bob"), Outcome.FAILED, OUTSIDE)

    assert fates(meter.take().units) == [
        (Arm.CANDIDATE, UnitFlags.ERROR | UnitFlags.UNSERVED),
        (Arm.BASELINE, UnitFlags.REFUSED | UnitFlags.UNSERVED),
    ]


def test_who_waited_for_a_synthesis_that_failed_is_no_unit(meter: Meter) -> None:
    first, second = a_request(), a_request("bob")
    tries(meter, first, error=ErrorCode.UNAVAILABLE)
    answers(meter, first, Outcome.FAILED)
    waited = Served(
        second, "ghoul", IN_SHARE, Arm.CANDIDATE, "candidate", Outcome.FAILED, "", 0.4, None, None, joined=True
    )
    meter.served(waited)

    assert fates(meter.take().units) == [(Arm.CANDIDATE, UnitFlags.ERROR | UnitFlags.UNSERVED)]


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
    assert again.units[0].number == first.units[0].number, "a day's units of one listener can be told to be one's"


def test_a_second_try_of_a_request_is_no_second_unit(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, Arm.BASELINE, ErrorCode.INTERNAL)
    tries(meter, request, Arm.BASELINE)
    answers(meter, request, assignment=OUTSIDE)

    assert fates(meter.take().units) == [(Arm.BASELINE, UnitFlags.ERROR)]


def test_forced_requests_are_no_evidence(meter: Meter) -> None:
    request = a_request(forced=Arm.CANDIDATE)
    tries(meter, request, error=ErrorCode.INTERNAL)
    answers(meter, request, assignment=Assignment(Arm.CANDIDATE, AssignmentReason.FORCED))

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


def test_lookups_and_hits_are_counted(meter: Meter) -> None:
    meter.looked_up("wavenet", None)
    meter.looked_up("wavenet", "file")
    meter.recalled(Hit(a_request(), "ghoul", OUTSIDE, Arm.BASELINE, "baseline", "memory", None, ()))

    seen = meter.take()
    assert (seen.hits, seen.lookups) == (2, 3)


def test_requests_under_way_count_in_the_slot_of_their_answer(meter: Meter) -> None:
    request = a_request()
    tries(meter, request)
    assert meter.take().units == []

    answers(meter, request)
    assert len(meter.take().units) == 1


def test_what_abandoned_requests_did_counts_in_the_end(meter: Meter, clock: FakeClock) -> None:
    tries(meter, a_request(), error=ErrorCode.INTERNAL)
    clock.advance(121.0)

    assert fates(meter.take().units) == [(Arm.CANDIDATE, UnitFlags.ERROR)]


def test_memory_is_bounded_and_what_is_kept_is_a_fair_sample(meter: Meter, clock: FakeClock) -> None:
    for number in range(50_000):
        request = a_request(f"user-{number}")
        tries(meter, request, error=ErrorCode.INTERNAL if number % 10 == 0 else None)
        answers(meter, request)

    seen = meter.take()
    failed = sum(bool(unit.fate & UnitFlags.ERROR) for unit in seen.units)
    assert len(seen.units) <= 20_000
    assert len(seen.units) > 9_000
    day = day_of(clock.now_s())
    assert all(place_in_sample(unit.number, day) < seen.threshold for unit in seen.units)
    assert failed / len(seen.units) == pytest.approx(0.1, abs=0.015)


def test_the_sample_of_a_day_is_the_same_on_every_worker_and_another_on_the_next(clock: FakeClock) -> None:
    sampled = []
    for passes_s in (0.0, 0.0, 86_400.0):
        clock.advance(passes_s)
        worker = Meter(RememberingRecorder().counted, clock, MeterPeriods(60.0, 900.0), salt="a rollout")
        for number in range(25_000):
            request = a_request(f"user-{number}")
            tries(worker, request)
            answers(worker, request)
        sampled.append({unit.number for unit in worker.take().units})

    assert sampled[0] == sampled[1]
    assert 0.4 < len(sampled[0] & sampled[2]) / len(sampled[0]) < 0.6


def test_a_listener_has_another_number_in_another_rollout(clock: FakeClock) -> None:
    numbers = set()
    for salt in ("one", "other"):
        worker = Meter(RememberingRecorder().counted, clock, salt=salt)
        request = a_request()
        tries(worker, request)
        answers(worker, request)
        seen = worker.take()
        numbers.add(seen.units[0].number)
        assert seen.split == ([seen.units[0].number], [])

    assert len(numbers) == 2


@pytest.mark.parametrize(("after_s", "part"), [(0.0, 0), (9.9, 0), (10.0, 1), (35.0, 3), (59.9, 5), (60.1, 5)])
def test_a_unit_is_told_with_the_part_of_the_slot_in_which_it_was_answered(
    meter: Meter, clock: FakeClock, after_s: float, part: int
) -> None:
    """One answered after the slot's end and before it was taken was answered in its last part."""
    meter.take()
    clock.advance(after_s)
    request = a_request()
    tries(meter, request, error=ErrorCode.INTERNAL)
    answers(meter, request, Outcome.FAILED)

    (unit,) = meter.take().units
    assert unit.part == part


def backs_up(meter: Meter, request: SpeechRequest, error_type: str, arm: Arm = Arm.BASELINE) -> None:
    meter.backed_up(Failed(request, arm, arm.value, "ghoul", BulkheadName("old", "voices"), error_type))


def answers_by_backup(meter: Meter, request: SpeechRequest, error: ErrorCode) -> None:
    served = Served(request, "ghoul", OUTSIDE, Arm.BASELINE, "baseline", Outcome.SERVED, "new", 0.4)
    meter.served(served._replace(backup_for=error))


def test_a_voice_whose_backup_answered_is_one_unit_an_error_that_was_backed_up(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, Arm.BASELINE, ErrorCode.UNAVAILABLE)
    backs_up(meter, request, "unavailable")
    tries(meter, request, Arm.BASELINE, duration_s=0.7, first_audio_s=0.2)
    answers_by_backup(meter, request, ErrorCode.UNAVAILABLE)

    (unit,) = meter.take().units
    assert fates([unit]) == [(Arm.BASELINE, UnitFlags.ERROR | UnitFlags.BACKED_UP)]
    assert (unit.seconds, unit.first_audio_s) == (0.7, 0.2)


def test_a_voice_that_ran_out_of_time_keeps_its_own_time(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, Arm.BASELINE, ErrorCode.DEADLINE, duration_s=9.0)
    backs_up(meter, request, "deadline")
    tries(meter, request, Arm.BASELINE, duration_s=0.7)
    answers_by_backup(meter, request, ErrorCode.DEADLINE)

    (unit,) = meter.take().units
    assert unit.seconds == 9.0


def test_the_same_voice_asked_once_more_gives_a_failed_unit_no_time(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, Arm.BASELINE, ErrorCode.UNAVAILABLE)
    tries(meter, request, Arm.BASELINE, duration_s=0.7)
    answers(meter, request, assignment=OUTSIDE)

    (unit,) = meter.take().units
    assert (UnitFlags(unit.fate), unit.seconds) == (UnitFlags.ERROR, None)


def test_a_voice_that_its_breaker_kept_from_being_asked_is_refused_and_backed_up(meter: Meter) -> None:
    request = a_request()
    backs_up(meter, request, "breaker_open")
    tries(meter, request, Arm.BASELINE, duration_s=0.7)
    answers_by_backup(meter, request, ErrorCode.UNAVAILABLE)

    (unit,) = meter.take().units
    assert fates([unit]) == [(Arm.BASELINE, UnitFlags.REFUSED | UnitFlags.BACKED_UP)]
    assert unit.seconds == 0.7


@pytest.mark.parametrize("error_type", ["quota", "overloaded"])
def test_what_is_nobodys_failure_leaves_the_backups_success(meter: Meter, error_type: str) -> None:
    request = a_request()
    backs_up(meter, request, error_type)
    tries(meter, request, Arm.BASELINE)
    answers_by_backup(meter, request, ErrorCode.QUOTA)

    assert fates(meter.take().units) == [(Arm.BASELINE, UnitFlags.FINE)]


def test_a_candidate_is_not_backed_up_by_the_backup_of_the_baseline_that_rescued_it(meter: Meter) -> None:
    request = a_request()
    tries(meter, request, Arm.CANDIDATE, ErrorCode.UNAVAILABLE)
    meter.fell_back(request, "ghoul", "unavailable")
    tries(meter, request, Arm.BASELINE, ErrorCode.UNAVAILABLE)
    backs_up(meter, request, "unavailable")
    tries(meter, request, Arm.BASELINE)
    outcome, why = Outcome.SERVED_BY_FALLBACK, Diversion.FALLBACK
    served = Served(request, "ghoul", IN_SHARE, Arm.BASELINE, "baseline", outcome, "new", 0.4, why)
    meter.served(served._replace(backup_for=ErrorCode.UNAVAILABLE))

    assert fates(meter.take().units) == [(Arm.CANDIDATE, UnitFlags.ERROR | UnitFlags.FALLBACK)]
