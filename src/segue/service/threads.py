"""Where the work on samples is done: threads, so that the loop goes on answering."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """An executor, with the types of what it runs."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def run(self, work: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        """The result of ``work(*args)``, done in a thread; keyword arguments are not handed on."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *args)
