"""Measures how long an engine works for a response, without the time that the response waits in our own queues."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.kernel.ports.clock import Clock


@dataclass(slots=True)
class Stopwatch:
    """Runs while at least one call to the engine is in progress, on the process's own clock.

    ``asked``: the engine was called. ``cut_short``: a call was ended before the engine had responded, after
    ``silent_s`` without any output.
    """

    clock: Clock
    asked: bool = False
    cut_short: bool = False
    silent_s: float = 0.0
    _calls: int = 0
    _since_s: float = 0.0
    _before_s: float = 0.0
    _latest_news_s: float = 0.0

    @property
    def elapsed_s(self) -> float:
        return self._before_s + (self.clock.monotonic_s() - self._since_s if self._calls else 0.0)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Marks a call to the engine as in progress."""
        self.asked, self.cut_short = True, False
        if not self._calls:
            self._since_s = self._latest_news_s = self.clock.monotonic_s()
        self._calls += 1
        try:
            yield
        except BaseException:
            self.cut_short = True
            self.silent_s = self.clock.monotonic_s() - self._latest_news_s
            raise
        else:
            self.heard()
        finally:
            self._calls -= 1
            if not self._calls:
                self._before_s += self.clock.monotonic_s() - self._since_s

    def heard(self) -> None:
        """The engine has produced output."""
        self._latest_news_s = self.clock.monotonic_s()
