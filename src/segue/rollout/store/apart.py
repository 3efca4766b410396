"""Runs file operations in a thread of their own that does not delay the end of the process, because a disk can
hang.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


async def in_thread_apart(work: Callable[[], T]) -> T:
    """The result of ``work``, which continues even if its caller stops waiting."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - passed to the waiting caller
            _deliver(loop, done, partial(done.set_exception, error))
        else:
            _deliver(loop, done, partial(done.set_result, result))

    threading.Thread(target=run, name="store-file", daemon=True).start()
    return await done


def _deliver(loop: asyncio.AbstractEventLoop, done: asyncio.Future[T], what: Callable[[], object]) -> None:
    """Called in the thread; does nothing if the loop has ended or the caller no longer waits."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(lambda: None if done.done() else what())
