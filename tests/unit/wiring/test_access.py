"""Who may call, as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from segue.access.register import WantedKey
from segue.access.roles import AccessRefusal, Caller, Role
from segue.config.load import load_settings
from segue.kernel.ports.health import HealthLevel
from segue.kernel.telemetry.prometheus import PrometheusRecorder
from segue.testing.clock import FakeClock
from segue.testing.store import MemoryStore
from segue.wiring.access import Access
from support.shaky import ShakyLog

if TYPE_CHECKING:
    from pathlib import Path

    from segue.rollout.ports.store import Store


def access(clock: FakeClock, *stores: Store, **settings: str) -> Access:
    recorder = PrometheusRecorder(CollectorRegistry())
    return Access(load_settings(settings).settings, next(iter(stores), MemoryStore()), clock, recorder)


def cut() -> Store:
    """A store whose history is out of reach."""
    store: Any = MemoryStore()
    store.events = ShakyLog()
    store.events.gone = True
    found: Store = store
    return found


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
async def test_a_service_that_nobody_can_call_says_so(
    settings: dict[str, str], warned: list[str], tmp_path: Path
) -> None:
    with capture_logs() as lines:
        async with access(FakeClock(), SEGUE_DATA_DIR=str(tmp_path), **settings).running():
            pass
    assert [line["event"] for line in lines] == warned


async def test_a_process_started_without_the_store_uses_the_copy_and_says_since_when(tmp_path: Path) -> None:
    clock, settings = FakeClock(), {"SEGUE_AUTH": "keys", "SEGUE_DATA_DIR": str(tmp_path)}
    before = access(clock, **settings)
    async with before.running():
        _, secret = await before.register.create(WantedKey("app", Role.VIEW), "ann")
        gone, revoked = await before.register.create(WantedKey("gone", Role.VIEW), "ann")
        await before.register.revoke(gone.id, "ann")
    file = tmp_path / "keys-copy"
    assert file.stat().st_mode & 0o777 == 0o600
    assert secret.rpartition("_")[2] not in file.read_text()

    clock.advance(10)
    with capture_logs() as lines:
        after = access(clock, cut(), **settings)
        async with after.running():
            assert isinstance(after.known.find(secret.encode()), Caller)
            assert after.known.find(revoked.encode()) is AccessRefusal.REVOKED
            (part,) = after.health()
            clock.advance(86_400)
            assert after.known.find(secret.encode()) is AccessRefusal.UNREAD
    assert part.level is HealthLevel.DEGRADED
    assert "the keys of 1970-01-12T13:46:40Z are valid" in part.detail
    (line,) = [line for line in lines if line["event"] == "keys_from_copy"]
    assert (line["since"], line["keys"]) == ("1970-01-12T13:46:40Z", 2)


async def test_a_copy_is_of_one_store_only_whoever_connects_to_it(tmp_path: Path) -> None:
    clock, settings = FakeClock(), {"SEGUE_AUTH": "keys", "SEGUE_DATA_DIR": str(tmp_path)}
    urls = [f"postgresql://{user}@{host}/segue" for user, host in (("a:1", "one"), ("b:2", "one"), ("a:1", "two"))]
    before = access(clock, SEGUE_STORE_URL=urls[0], **settings)
    _, secret = await before.register.create(WantedKey("app", Role.VIEW), "ann")
    found = []
    for url in urls:
        after = access(clock, cut(), SEGUE_STORE_URL=url, **settings)
        async with after.running():
            found.append(isinstance(after.known.find(secret.encode()), Caller))
    assert found == [True, True, False]


async def test_without_required_keys_none_are_copied(tmp_path: Path) -> None:
    here = access(FakeClock(), SEGUE_DATA_DIR=str(tmp_path))
    await here.register.create(WantedKey("app", Role.VIEW), "ann")
    assert not (tmp_path / "keys-copy").exists()
