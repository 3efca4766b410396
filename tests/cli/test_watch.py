"""The live screen: fed by the stream, over the service's restarts, until Ctrl-C."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, NamedTuple

import pytest
from rich.console import Console

from segue.cli import exits
from segue.cli.rollout.options import Operator
from segue.cli.rollout.watch import StatusWatcher
from segue.cli.terminal import CommandFailed
from support.listening import listening
from support.scripts import heeding_ctrl_c
from support.service import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.listening import Listening

_LONG_ENOUGH_S = 15.0


class Screen(NamedTuple):
    """What was written, and the watch that writes it."""

    written: io.StringIO
    watch: StatusWatcher

    async def shows(self, *words: str) -> bool:
        for _ in range(int(_LONG_ENOUGH_S / 0.05)):
            if all(word in self.written.getvalue() for word in words):
                return True
            await asyncio.sleep(0.05)
        return False


def screen(url: str, token: str = TOKEN, *, terminal: bool = True) -> Screen:
    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal, width=160, height=50, color_system=None)
    return Screen(written, StatusWatcher(Operator(url, token, "ann"), console))


async def elsewhere(call: Callable[[], object]) -> None:
    """The service's thread answers while this one waits."""
    await asyncio.to_thread(call)


async def test_what_happens_appears_by_itself(service: Listening) -> None:
    seen = screen(service.url)
    watching = asyncio.create_task(seen.watch.run())
    assert await seen.shows("test is manual, revision 1")
    await elsewhere(lambda: service.posts("rollback", why="a drill"))

    assert await seen.shows("test is rolled_back, revision 2", "ann (claimed): roll_back a drill")
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_through_a_pipe_each_happening_is_a_line(service: Listening) -> None:
    seen = screen(service.url, terminal=False)
    watching = asyncio.create_task(seen.watch.run())
    assert await seen.shows("environment: boot")
    await elsewhere(lambda: service.posts("hold-back", character="ghoul", why="sounds wrong"))

    assert await seen.shows("ann (claimed): hold_back ghoul sounds wrong\n")
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_a_restart_of_the_service_is_waited_out_and_nothing_is_missed_or_told_twice(tmp_path: Path) -> None:
    started = listening(tmp_path)
    service = await asyncio.to_thread(started.__enter__)
    port = int(service.url.rsplit(":", 1)[1])
    seen = screen(service.url, terminal=False)
    watching = asyncio.create_task(seen.watch.run())
    assert await seen.shows("environment: boot")
    await asyncio.to_thread(started.__exit__, None, None, None)
    again = listening(tmp_path, port=port)
    service = await asyncio.to_thread(again.__enter__)
    await elsewhere(lambda: service.posts("rollback", why="after the restart"))

    assert await seen.shows("ann (claimed): roll_back after the restart")
    assert seen.written.getvalue().count("boot") == 1
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await asyncio.to_thread(again.__exit__, None, None, None)


async def test_a_service_that_is_not_there_yet_is_waited_for() -> None:
    seen = screen("http://127.0.0.1:9")
    watching = asyncio.create_task(seen.watch.run())

    assert await seen.shows("no Segue service answers at http://127.0.0.1:9", "retrying")
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_whoever_is_not_let_in_is_told_at_once(service: Listening) -> None:
    with pytest.raises(CommandFailed, match="rejected this token") as refused:
        await screen(service.url, "wrong").watch.run()

    assert refused.value.exit_status == exits.DENIED


def test_ctrl_c_ends_it_well(service: Listening) -> None:
    environ = os.environ | {"SEGUE_URL": service.url, "SEGUE_ADMIN_TOKEN": TOKEN}
    words = [sys.executable, "-m", "segue", "rollout", "status", "--watch"]
    with heeding_ctrl_c():
        process = subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        limit = threading.Timer(_LONG_ENOUGH_S, process.kill)
        limit.start()
        assert process.stdout is not None
        assert any("environment: boot" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate()
        limit.cancel()

    assert (process.returncode, complaint) == (exits.OK, "")
