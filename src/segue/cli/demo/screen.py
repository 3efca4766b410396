"""The demo's live screen: the rollout's status and what the listeners have received."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.markup import escape

from segue.cli.rollout.standing import standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, RenderableType

    from segue.cli.demo.scenario import DemoProgress
    from segue.cli.demo.traffic import DemoAnswer
    from segue.rollout.ports.control import EventBody


class DemoScreen:
    """Prints transitions as they happen; at a terminal, the current status is drawn below them."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._began_at_s: float | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            self._live = live if self._console.is_terminal else None
            yield
        self._live = None

    def says(self, line: str) -> None:
        self._console.print(line, highlight=False)

    def did(self, line: str) -> None:
        """Prints an action of the demo itself, timed like the transitions."""
        self.says(f"{time.time() - (self._began_at_s or time.time()):6.1f} s  {line}")

    def happened(self, events: Sequence[EventBody]) -> None:
        for event in events:
            began_at_s = self._began_at_s = event.at_s if self._began_at_s is None else self._began_at_s
            trigger = f" {event.trigger}" if event.trigger else ""
            what = f"[bold]{event.kind}{trigger}[/] by {escape(event.actor)}"
            self.says(f"{event.at_s - began_at_s:6.1f} s  {what}: {escape(event.why)}")

    def draw(self, told: DemoProgress, heard: Sequence[DemoAnswer]) -> None:
        if self._live is not None and told.status is not None:
            where = standing(told.status, told.status.now_s)
            self._live.update(Group(where, _crowd(heard)), refresh=True)


def _crowd(heard: Sequence[DemoAnswer]) -> RenderableType:
    models = Counter(one.model for one in heard if one.model)
    voices = ", ".join(f"{model} {count}" for model, count in sorted(models.items()))
    fallbacks, failed = sum(bool(one.fallback) for one in heard), sum(one.failed for one in heard)
    return f"\n{len(heard)} requests answered: {voices}; fallbacks to the baseline {fallbacks}; failed {failed}"
