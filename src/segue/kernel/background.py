"""Tasks that run in the background until their owner closes them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Coroutine


class BackgroundTasks:
    """The tasks of one owner. A task that fails is logged when it ends, not when its owner closes."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def __bool__(self) -> bool:
        """Whether any was started."""
        return bool(self._tasks)

    def start(self, work: Coroutine[None, None, None], name: str) -> None:
        """Runs ``work`` from now on; ``name`` says what it does, for logs and debuggers."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_tell)
        self._tasks.append(task)

    async def close(self) -> None:
        """Cancels all and waits until they have ended. May be called more than once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        structlog.get_logger("segue.background").error(
            "background_task_failed",
            task=task.get_name(),
            exc_info=task.exception(),
            effect="this task does not run again until the process restarts; please report it",
        )
