"""What is written down of a request when it has been answered, or has not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.core.assign import Diversion
from segue.ports.recorder import Outcome, Served
from segue.service.found import Answer

if TYPE_CHECKING:
    from segue.core.errors import ErrorCode, SegueError
    from segue.ports.recorder import Recorder
    from segue.service.found import Found
    from segue.service.router import Route, Way

_BLAMELESS = (None, Diversion.QUOTA)


class _Result(NamedTuple):
    outcome: Outcome
    source: str
    diversion: Diversion | None
    error: ErrorCode | None


class Accounts:
    """Tells the recorder, once for every request."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def served(self, answer: Answer, latency_s: float) -> None:
        """The listener got it, ``latency_s`` after asking for it; of a stream, its first sound."""
        found, route = answer.found, answer.route
        came_of_it = _Result(answer.outcome, found.source, found.diversion or route.diversion, found.failure)
        self._tell(route, found.leg.way, came_of_it, latency_s)
        for control in found.leg.way.lost:
            self._recorder.lost(found.leg.way.model, control)

    def failed(self, route: Route, error: SegueError, latency_s: float) -> None:
        """The listener got nothing, or not all of it."""
        self._tell(route, route.leg.way, _Result(Outcome.FAILED, "", route.diversion, error.code), latency_s)

    def _tell(self, route: Route, way: Way, result: _Result, latency_s: float) -> None:
        self._recorder.served(
            Served(
                route.request,
                route.character.key,
                route.assignment,
                way.arm,
                way.model,
                result.outcome,
                result.source,
                latency_s,
                result.diversion,
                result.error,
            )
        )


def answer_of(route: Route, found: Found) -> Answer:
    """A spent quota is nobody's failure: who is diverted for it is served, not rescued."""
    outcome = Outcome.SERVED if found.diversion in _BLAMELESS else Outcome.SERVED_BY_FALLBACK
    return Answer(route, found, outcome)
