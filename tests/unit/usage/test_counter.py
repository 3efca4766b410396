"""What counts as used, and what it costs."""

from __future__ import annotations

import pytest

from segue.kernel.arms import Arm
from segue.kernel.assign import IN_SHARE
from segue.kernel.errors import ErrorCode
from segue.kernel.ports.recorder import Attempt, BulkheadName, Hit, Outcome, Served
from segue.kernel.ports.usage import UsageOf, Used
from segue.usage.counter import UsageCounter
from support.traffic import a_request

VENDOR, UNKNOWN = BulkheadName("google", "chirp3"), BulkheadName("google", "new")
PRICES = {VENDOR: 30.0, UNKNOWN: None}
OF = UsageOf("game", "candidate", "Kore", "pip_boy")
REQUEST = a_request("Ten chars.")._replace(key_name="game")


@pytest.fixture
def counter() -> UsageCounter:
    return UsageCounter(PRICES.__getitem__)


def attempt(bulkhead: BulkheadName | None = VENDOR, error: ErrorCode | None = None) -> Attempt:
    return Attempt(REQUEST, Arm.CANDIDATE, "chirp3-hd", "pip_boy", 0.2, error, bulkhead=bulkhead, voice="Kore")


def served(outcome: Outcome) -> Served:
    values = ("pip_boy", IN_SHARE, Arm.CANDIDATE, "chirp3-hd", outcome, "new", 0.2)
    return Served(REQUEST, *values, engine="google", voice="Kore")


def test_a_request_from_the_cache_and_a_new_one_count_alike(counter: UsageCounter) -> None:
    counter.recalled(
        Hit(REQUEST, "pip_boy", IN_SHARE, Arm.CANDIDATE, "chirp3-hd", "memory", None, (), "google", "Kore")
    )
    counter.served(served(Outcome.SERVED))
    counter.served(served(Outcome.SERVED_BY_FALLBACK))

    assert counter.taken() == {OF: Used(requests=3, characters=30)}
    assert counter.taken() == {}, "each is counted once"


def test_a_request_that_failed_counts_nothing(counter: UsageCounter) -> None:
    counter.served(served(Outcome.FAILED))

    assert counter.taken() == {}


def test_calls_have_a_price(counter: UsageCounter) -> None:
    counter.attempted(attempt())
    counter.shadowed(attempt())

    found = counter.taken()[OF]
    assert found == Used(synthesized_characters=10, shadow_characters=10, cost_usd=found.cost_usd)
    assert found.cost_usd == pytest.approx(20 * 30 / 1e6)


@pytest.mark.parametrize("bulkhead", [UNKNOWN, None])
def test_characters_without_a_known_price_are_counted_as_such(
    counter: UsageCounter, bulkhead: BulkheadName | None
) -> None:
    counter.attempted(attempt(bulkhead))

    assert counter.taken() == {OF: Used(synthesized_characters=10, unpriced_characters=10)}


def test_calls_that_failed_or_were_refused_count_nothing(counter: UsageCounter) -> None:
    counter.attempted(attempt(error=ErrorCode.UNAVAILABLE))
    counter.shadowed(attempt(error=ErrorCode.UNAVAILABLE))
    counter.shadowed(attempt(), refused=True)

    assert counter.taken() == {}


def test_the_arm_is_plain_text_for_the_store(counter: UsageCounter) -> None:
    counter.attempted(attempt())
    (of,) = counter.taken()

    assert type(of.arm) is str
