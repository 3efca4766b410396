"""Settings read again while the service runs: recorded where that can be, and in an emergency obeyed before."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.kernel.assign import Routing
from segue.kernel.errors import ConfigurationError
from segue.kernel.units import PPM
from segue.rollout.controller.boot import boot
from segue.rollout.controller.ledger import Ledger, Proposal
from segue.rollout.controller.reload import Reloader
from segue.rollout.core.rollout import Verb
from segue.speech.service.current import Current
from segue.system.clock import SystemClock
from support.shaky import ShakyLog
from support.waiting import soon

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ON = Routing(enabled=True, share_ppm=PPM // 2, salt="test")
OFF = replace(ON, enabled=False)


class Scene:
    """A replica that serves half of its listeners by the candidate, and a file that says what it is told."""

    def __init__(self) -> None:
        self.log = ShakyLog()
        self.ledger = Ledger(self.log, "test", SystemClock())
        self.current = Current(ON)
        self.says: Routing | None = ON
        self.reloader = Reloader(
            None, self._read, self.ledger, SystemClock(), lambda held: self.current.hold_off(held=held), ON
        )

    async def recorded(self) -> bool:
        return (await self.ledger.latest()).state.routing.enabled

    def _read(self) -> Routing:
        if self.says is None:
            raise ConfigurationError(["rollout.env:1: no such name"])
        return self.says


def rewritten(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    await boot(scene.ledger, ON, actor="environment")
    scene.reloader.start()
    yield scene
    await scene.reloader.close()


async def test_what_is_new_is_recorded(scene: Scene) -> None:
    scene.says = OFF
    await scene.reloader.reload()

    assert not await scene.recorded()
    assert not scene.current.locked_off


async def test_with_the_store_gone_the_switch_works_here_and_is_recorded_later(scene: Scene) -> None:
    scene.log.gone = True
    scene.says = OFF
    await scene.reloader.reload()
    off = scene.current.routing.enabled
    scene.log.gone = False
    await soon(lambda: not scene.current.locked_off)

    assert not off
    assert not await scene.recorded()


async def test_a_store_that_does_not_answer_is_not_waited_for(scene: Scene) -> None:
    scene.log.answers.clear()
    scene.says = OFF
    reading = asyncio.create_task(scene.reloader.reload())
    await soon(lambda: scene.current.locked_off)
    scene.log.answers.set()
    await reading

    assert not scene.current.locked_off
    assert not await scene.recorded()


async def test_a_mind_that_changes_meanwhile_is_heeded(scene: Scene) -> None:
    scene.log.gone = True
    scene.says = OFF
    await scene.reloader.reload()
    scene.says = ON
    await scene.reloader.reload()

    assert scene.current.routing.enabled


@pytest.mark.parametrize("says", [ON, replace(ON, share_ppm=PPM), None], ids=["the same", "a share", "a fault"])
async def test_nothing_else_is_done_without_the_store(scene: Scene, says: Routing | None) -> None:
    scene.log.gone = True
    scene.says = says
    await scene.reloader.reload()

    assert scene.current.routing == ON


async def test_a_switch_that_has_been_off_since_the_start_holds_nobody_off(scene: Scene) -> None:
    """A person may have switched the candidate on since."""
    scene.says = OFF
    await scene.reloader.reload()
    scene.log.gone = True
    await scene.reloader.reload()

    assert not scene.current.locked_off


async def test_off_that_another_change_overtakes_is_recorded_after_it(scene: Scene) -> None:
    scene.log.overtaken_by = lambda: scene.ledger.change(
        Proposal("judge", Verb.SET_ROUTING, "at the same moment"), lambda state: state
    )
    scene.says = OFF
    await scene.reloader.reload()

    assert not await scene.recorded()
    assert [event.actor for event in await scene.ledger.history()] == ["environment", "judge", "file"]


async def test_a_replica_that_joins_late_records_what_the_file_says_by_then(scene: Scene) -> None:
    scene.log.gone = True
    scene.says = OFF
    await scene.reloader.reload()
    scene.log.gone = False
    await soon(lambda: not scene.current.locked_off)
    await boot(scene.ledger, scene.reloader.latest, actor="environment")

    assert not await scene.recorded()


async def test_a_file_that_changes_while_the_service_starts_is_read(scene: Scene, tmp_path: Path) -> None:
    path = rewritten(tmp_path / "rollout.env", "as at boot")
    reloader = Reloader(path, lambda: OFF, scene.ledger, SystemClock(), lambda _: None, ON)
    rewritten(path, "changed before the start")
    reloader.start()
    await soon(lambda: reloader.latest == OFF)
    await reloader.close()
