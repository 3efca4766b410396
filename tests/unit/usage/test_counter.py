"""What counts as used, and what it costs."""

from __future__ import annotations

import pytest

from segue.kernel.arms import Arm
from segue.kernel.assign import IN_SHARE
from segue.kernel.ports.recorder import BulkheadName, Hit, Outcome, Served, Synthesized
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


def line(bulkhead: BulkheadName = VENDOR, *, shadow: bool = False) -> Synthesized:
    return Synthesized(REQUEST, Arm.CANDIDATE, "pip_boy", bulkhead, "Kore", 10, shadow)


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


def test_what_an_engine_made_has_a_price(counter: UsageCounter) -> None:
    counter.synthesized(line())
    counter.synthesized(line(shadow=True))

    found = counter.taken()[OF]
    assert found == Used(synthesized_characters=10, shadow_characters=10, cost_usd=found.cost_usd)
    assert found.cost_usd == pytest.approx(20 * 30 / 1e6)


def test_characters_without_a_known_price_are_counted_as_such(counter: UsageCounter) -> None:
    counter.synthesized(line(UNKNOWN))

    assert counter.taken() == {OF: Used(synthesized_characters=10, unpriced_characters=10)}


def test_the_arm_is_plain_text_for_the_store(counter: UsageCounter) -> None:
    counter.synthesized(line())
    (of,) = counter.taken()

    assert type(of.arm) is str
