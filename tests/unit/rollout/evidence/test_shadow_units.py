"""What the meter counts of the shadow: units of their own, never a listener's."""

from __future__ import annotations

import pytest

from segue.kernel.errors import ErrorCode
from segue.rollout.evidence.meter import Meter, MeterPeriods
from segue.rollout.evidence.units import UnitFlags
from segue.testing.clock import FakeClock
from segue.testing.recorder import RememberingRecorder
from support.traffic import a_request, a_served, an_attempt

SHADOW = UnitFlags.CANDIDATE | UnitFlags.SHADOW


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(900_000.0)


@pytest.fixture
def inner() -> RememberingRecorder:
    return RememberingRecorder()


@pytest.fixture
def meter(inner: RememberingRecorder, clock: FakeClock) -> Meter:
    return Meter(inner.counted, clock, MeterPeriods(60.0, 900.0))


@pytest.mark.parametrize(
    ("error", "fate", "seconds"),
    [
        (None, SHADOW, 0.2),
        (ErrorCode.DEADLINE, SHADOW | UnitFlags.ERROR, 0.2),
        (ErrorCode.INTERNAL, SHADOW | UnitFlags.ERROR, None),
        (ErrorCode.BAD_AUDIO, SHADOW | UnitFlags.ERROR | UnitFlags.BAD_AUDIO, None),
    ],
)
def test_an_attempt_in_the_shadow_is_a_unit_with_its_fate(
    meter: Meter, error: ErrorCode | None, fate: UnitFlags, seconds: float | None
) -> None:
    meter.shadowed(an_attempt(error, first_audio_s=None))
    (unit,) = meter.take().units

    assert (UnitFlags(unit.fate), unit.seconds, unit.character_key) == (fate, seconds, "ghoul")


def test_the_time_to_the_first_sound_is_kept(meter: Meter) -> None:
    meter.shadowed(an_attempt(first_audio_s=0.1))
    (unit,) = meter.take().units

    assert (unit.seconds, unit.first_audio_s) == (0.2, 0.1)


def test_one_that_the_breaker_refused_has_no_time(meter: Meter) -> None:
    meter.shadowed(an_attempt(), refused=True)
    (unit,) = meter.take().units

    assert (UnitFlags(unit.fate), unit.seconds) == (SHADOW | UnitFlags.REFUSED, None)


def test_a_listener_counts_once_in_a_window_also_in_the_shadow(meter: Meter, clock: FakeClock) -> None:
    meter.shadowed(an_attempt())
    meter.shadowed(an_attempt(ErrorCode.INTERNAL))
    assert len(meter.take().units) == 1

    clock.advance(900.0)
    meter.shadowed(an_attempt())
    assert len(meter.take().units) == 1


def test_the_shadow_and_a_listeners_attempt_are_units_apart(meter: Meter) -> None:
    attempt, served = an_attempt(), a_served()
    request = a_request()
    meter.shadowed(attempt._replace(request=request))
    meter.attempted(attempt._replace(request=request))
    meter.served(served._replace(request=request))
    units = meter.take().units

    assert sorted(UnitFlags(unit.fate) for unit in units) == [UnitFlags.CANDIDATE, SHADOW]
    assert len({unit.key for unit in units}) == 2
    assert len({unit.number for unit in units}) == 1


def test_no_listener_is_counted(meter: Meter, inner: RememberingRecorder) -> None:
    meter.shadowed(an_attempt())
    seen = meter.take()

    assert (seen.hits, seen.lookups, seen.split) == (0, 0, ([], []))
    assert inner.units == []
