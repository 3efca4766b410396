"""Notifies about a stop signal before the server begins to wait for open requests."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def told_of_stop(tell: Callable[[], None]) -> Iterator[None]:
    """Calls ``tell`` when the process receives a stop signal, and then the previous handler.

    ``tell`` must only record the event. Outside the main thread nothing is installed; a signal without a handler
    keeps its default action.
    """
    with ExitStack() as handlers:
        for number in _SIGNALS:
            handlers.enter_context(_heard(number, tell))
        yield


@contextmanager
def _heard(number: signal.Signals, tell: Callable[[], None]) -> Iterator[None]:
    before = signal.getsignal(number)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return

    def hear(received: int, frame: Any) -> None:
        tell()
        before(received, frame)

    signal.signal(number, hear)
    try:
        yield
    finally:
        signal.signal(number, before)
