"""Audio that answers a request, and how it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.ports.recorder import Outcome

if TYPE_CHECKING:
    from segue.core.assign import Diversion
    from segue.core.errors import ErrorCode
    from segue.core.speech import EncodedAudio
    from segue.service.router import Leg, Route

NEW = "new"
"""The source of audio that was made for this request."""


class Found(NamedTuple):
    """Audio and the leg it belongs to. ``audio_id`` is its name in the cache, empty where it was not kept.

    ``remarks`` is what the inspection noticed without refusing it.
    """

    leg: Leg
    audio: EncodedAudio
    source: str
    audio_id: str
    remarks: tuple[str, ...] = ()
    diversion: Diversion | None = None
    failure: ErrorCode | None = None

    def instead(self, diversion: Diversion, failure: ErrorCode) -> Found:
        """The same, as the answer of another leg than the one asked first."""
        return self._replace(diversion=diversion, failure=failure)


class Answer(NamedTuple):
    """What a door turns into its dialect."""

    route: Route
    found: Found
    outcome: Outcome = Outcome.SERVED

    @property
    def cached(self) -> bool:
        return self.found.source != NEW

    @property
    def reason(self) -> str:
        """Why this arm: the assignment's reason, or the diversion's where another arm answered."""
        return self.found.diversion or self.route.diversion or self.route.assignment.reason

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was asked and not done, in plain words."""
        losses = tuple([str(loss) for loss in self.found.leg.way.losses])
        if self.route.diversion is None:
            return losses
        arm = self.route.assignment.arm
        return (*losses, f"the {arm} has no voice for this text; the {arm.other} answered")
