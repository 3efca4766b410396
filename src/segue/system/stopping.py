"""Word that this process is to stop, before its server begins to wait for the requests under way."""

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
    """Calls ``tell`` when the process is asked to stop; whoever heard of it before hears of it still.

    ``tell`` must do no more than take note. Outside the main thread no signals are heard; one that nobody listens
    for keeps its default.
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
