"""Records the outcome of each request."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.assign import Diversion
from segue.kernel.errors import Overloaded
from segue.kernel.ports.recorder import Outcome, Served
from segue.speech.service.answers import Answer

if TYPE_CHECKING:
    from segue.kernel.errors import ErrorCode, SegueError
    from segue.kernel.ports.recorder import Recorder
    from segue.speech.service.answers import AudioResult
    from segue.speech.service.router import RenderPlan, Route

_BLAMELESS = (None, Diversion.QUOTA)


class _Result(NamedTuple):
    outcome: Outcome
    source: str
    diversion: Diversion | None
    error: ErrorCode | None
    joined: bool = False
    overloaded: bool = False
    backup_for: ErrorCode | None = None


class Accounts:
    """Reports to the recorder, exactly once for each request. A job that ends early is not reported."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def served(self, answer: Answer, latency_s: float) -> None:
        """The listener got the response ``latency_s`` after the request; for a stream, its first audio."""
        found, route = answer.result, answer.route
        came_of_it = _Result(
            answer.outcome,
            found.source,
            found.diversion or route.diversion,
            found.failure,
            backup_for=found.backup_for,
        )
        self._tell(route, found.rendition.render_plan, came_of_it, latency_s)
        for control in found.rendition.render_plan.lost:
            self._recorder.lost(found.rendition.render_plan.model, control)

    def failed(self, route: Route, error: SegueError, latency_s: float, *, joined: bool = False) -> None:
        """The listener got nothing, or not everything.

        ``joined``: the request had waited for another request's synthesis.
        """
        result = _Result(Outcome.FAILED, "", route.diversion, error.code, joined, isinstance(error, Overloaded))
        self._tell(route, route.rendition.render_plan, result, latency_s)

    def _tell(self, route: Route, render_plan: RenderPlan, result: _Result, latency_s: float) -> None:
        self._recorder.served(
            Served(
                route.request,
                route.character.key,
                route.assignment,
                render_plan.arm,
                render_plan.model,
                result.outcome,
                result.source,
                latency_s,
                result.diversion,
                result.error,
                result.joined,
                result.overloaded,
                result.backup_for,
                render_plan.bulkhead.engine,
                render_plan.voice.name,
            )
        )


def answer_of(route: Route, found: AudioResult) -> Answer:
    """The answer for a result.

    If a quota was used up, that is not a failure: the request counts as diverted, not as a fallback.
    """
    outcome = Outcome.SERVED if found.diversion in _BLAMELESS else Outcome.SERVED_BY_FALLBACK
    return Answer(route, found, outcome)
