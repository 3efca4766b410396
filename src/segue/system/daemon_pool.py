"""A pool of daemon threads: a process does not wait for them at its end, because a hanging disk may block them."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class DaemonPool(Executor):
    """An executor with at most ``threads`` daemon threads, started on demand."""

    def __init__(self, threads: int, name: str) -> None:
        self._most = threads
        self._name = name
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        self._idle = 0
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError(f"the thread pool {self._name} has been shut down")
            self._work.put((future, lambda: fn(*args, **kwargs)))
            if self._idle:
                self._idle -= 1
            elif self._started < self._most:
                self._started += 1
                name = f"{self._name}-{self._started}"
                threading.Thread(target=self._run, name=name, daemon=True).start()
        return future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = True) -> None:  # noqa: FBT001, FBT002, ARG002 - as in Executor
        """Accepts no more work and returns immediately. A thread that hangs is abandoned."""
        with self._lock:
            self._closed = True
            while cancel_futures and not self._work.empty():
                item = self._work.get_nowait()
                if item is not None:
                    item[0].cancel()
            for _ in range(self._started):
                self._work.put(None)

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            _done(*item)
            del item
            with self._lock:
                self._idle += 1


def _done(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - stored in the future, as in every executor
        future.set_exception(error)
    else:
        future.set_result(result)
