"""Audio that answers a request, and its origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.ports.recorder import Outcome

if TYPE_CHECKING:
    from segue.kernel.assign import Diversion
    from segue.kernel.errors import ErrorCode
    from segue.speech.core.speech import EncodedAudio
    from segue.speech.service.router import Rendition, Route

NEW = "new"
"""The source of audio that was made for this request."""


class AudioResult(NamedTuple):
    """Audio and the rendition that it belongs to.

    ``audio_id`` is its key in the cache, empty if it was not cached.

    ``remarks`` lists what the inspection noticed without refusing the audio. ``backup_for`` is the failure of the
    arm's first voice, if a backup on the same arm answered.
    """

    rendition: Rendition
    audio: EncodedAudio
    source: str
    audio_id: str
    remarks: tuple[str, ...] = ()
    diversion: Diversion | None = None
    failure: ErrorCode | None = None
    backup_for: ErrorCode | None = None

    def instead(self, diversion: Diversion, failure: ErrorCode) -> AudioResult:
        """The same audio, marked as made by another arm than the one asked first."""
        return self._replace(diversion=diversion, failure=failure)

    def backing(self, failure: ErrorCode) -> AudioResult:
        """The same audio, marked as made by a backup on the arm that failed with this error."""
        return self._replace(backup_for=failure)


class Answer(NamedTuple):
    """The answer to a request, which an API converts to its format."""

    route: Route
    result: AudioResult
    outcome: Outcome = Outcome.SERVED

    @property
    def cached(self) -> bool:
        return self.result.source != NEW

    @property
    def reason(self) -> str:
        """The reason for the arm: the assignment's, or the diversion's if the other arm answered."""
        return self.result.diversion or self.route.diversion or self.route.assignment.reason

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was requested but not done, in plain words."""
        losses = tuple([str(loss) for loss in self.result.rendition.render_plan.losses])
        if self.route.diversion is None:
            return losses
        arm = self.route.assignment.arm
        return (*losses, f"the {arm} has no voice for this text; the {arm.other} answered")
