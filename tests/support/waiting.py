"""Waiting for what tells nobody that it has happened."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.01


def comes_true(condition: Callable[[], bool], within_s: float = _PATIENCE_S) -> bool:
    """Whether the condition holds before ``within_s`` seconds are over."""
    ends_s = time.monotonic() + within_s
    while time.monotonic() < ends_s:
        if condition():
            return True
        time.sleep(_LOOK_EVERY_S)
    return False


def until(condition: Callable[[], bool], what: str, within_s: float = _PATIENCE_S) -> None:
    """Raises AssertionError with ``what``, a sentence, where it does not come true."""
    assert comes_true(condition, within_s), f"not within {within_s:g} s: {what}"


async def soon(condition: Callable[[], bool], within_s: float = _PATIENCE_S) -> None:
    """As ``until``, while the event loop goes on; raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(_LOOK_EVERY_S)
