"""Who may call, as the settings say."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from segue.config.load import load_settings
from segue.kernel.ports.health import HealthLevel
from segue.kernel.telemetry.prometheus import PrometheusRecorder
from segue.testing.clock import FakeClock
from segue.testing.store import MemoryStore
from segue.wiring.access import Access


def access(clock: FakeClock, **settings: str) -> Access:
    recorder = PrometheusRecorder(CollectorRegistry())
    return Access(load_settings(settings).settings, MemoryStore(), clock, recorder)


def test_the_health_of_keys_is_that_of_what_is_known_of_them() -> None:
    clock = FakeClock()
    found = access(clock, SEGUE_AUTH="keys", SEGUE_AUTH_STALE_S="3600")
    told = []
    for passes_s in (0.0, 0.0, 60.0, 1.0, 3539.0, 1.0):
        clock.advance(passes_s)
        (part,) = found.health()
        told.append(part.level)
        if len(told) == 1:
            found.known.take(found.known.state)
    assert told == [
        HealthLevel.UNAVAILABLE,
        HealthLevel.OK,
        HealthLevel.OK,
        HealthLevel.DEGRADED,
        HealthLevel.DEGRADED,
        HealthLevel.UNAVAILABLE,
    ]


def test_keys_that_are_not_required_say_nothing_of_health() -> None:
    assert access(FakeClock()).health() == []


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({"SEGUE_AUTH": "keys"}, ["no_keys"]),
        ({"SEGUE_AUTH": "keys", "SEGUE_ADMIN_TOKEN": "a-token-of-some-length"}, []),
        ({}, []),
    ],
)
async def test_a_service_that_nobody_can_call_says_so(settings: dict[str, str], warned: list[str]) -> None:
    with capture_logs() as lines:
        async with access(FakeClock(), **settings).running():
            pass
    assert [line["event"] for line in lines] == warned
