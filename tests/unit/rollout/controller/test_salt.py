"""The salt: one for all replicas, a secret, and for an older rollout the one that it had."""

from __future__ import annotations

import asyncio
import stat
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import Unavailable
from segue.rollout.controller.ledger import Ledger, Proposal
from segue.rollout.controller.salt import Salt
from segue.rollout.controller.secrets import StoredSecret
from segue.rollout.core.rollout import Verb
from segue.system.clock import SystemEntropy
from segue.testing.clock import FakeClock
from support.shaky import ShakyLog

if TYPE_CHECKING:
    from pathlib import Path

    from segue.rollout.core.rollout import RolloutState


@pytest.fixture
def log() -> ShakyLog:
    return ShakyLog()


def a_replica(log: ShakyLog, folder: Path, rollout_id: str = "chirp3") -> Salt:
    return Salt(
        log, rollout_id, StoredSecret(log, f"salt-{rollout_id}", FakeClock(), SystemEntropy(), folder / "salt")
    )


async def begun(log: ShakyLog) -> None:
    def unchanged(state: RolloutState) -> RolloutState:
        return state

    await Ledger(log, "chirp3", FakeClock()).change(Proposal("ann", Verb.SET_ROUTING, ""), unchanged)


def names_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def test_all_replicas_deal_by_one_that_nobody_can_guess(log: ShakyLog, tmp_path: Path) -> None:
    found = await asyncio.gather(*(a_replica(log, tmp_path / str(number)).find() for number in range(8)))

    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert await a_replica(ShakyLog(), tmp_path).find() != found[0]


async def test_it_stays_when_the_history_has_begun(log: ShakyLog, tmp_path: Path) -> None:
    salt = await a_replica(log, tmp_path).find()
    await begun(log)

    assert await a_replica(log, tmp_path / "new machine").find() == salt


async def test_a_rollout_that_is_older_than_its_salt_moves_nobody(log: ShakyLog, tmp_path: Path) -> None:
    await begun(log)

    assert await a_replica(log, tmp_path).find() == "chirp3"
    assert await a_replica(log, tmp_path, "chirp4").find() != "chirp4"


async def test_a_start_without_the_store_deals_as_the_last_one_did(log: ShakyLog, tmp_path: Path) -> None:
    salt = await a_replica(log, tmp_path).find()
    log.gone = True
    again = a_replica(log, tmp_path)

    assert again.known() == salt
    with pytest.raises(Unavailable):
        await again.find()
    assert a_replica(log, tmp_path / "new machine").known() == "chirp3"


async def test_the_copy_is_for_the_service_alone(log: ShakyLog, tmp_path: Path) -> None:
    await a_replica(log, tmp_path).find()

    assert stat.S_IMODE((tmp_path / "salt").stat().st_mode) == 0o600


async def test_who_reads_the_copy_while_it_changes_reads_the_whole_of_one(log: ShakyLog, tmp_path: Path) -> None:
    salt = await a_replica(log, tmp_path).find()
    with (tmp_path / "salt").open(encoding="utf-8") as begun:
        other = await a_replica(ShakyLog(), tmp_path).find()

        assert begun.read() == salt
    assert a_replica(log, tmp_path).known() == other
    assert names_in(tmp_path) == ["salt"]


async def test_a_folder_that_takes_nothing_costs_only_the_copy(log: ShakyLog, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")

    assert len(await a_replica(log, tmp_path / "file").find()) == 32
