"""Finds out whether the text is the reason that the candidate's audio is unusable."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from segue.kernel.arms import Arm
from segue.kernel.errors import BadAudio, SegueError

if TYPE_CHECKING:
    from segue.kernel.ports.recorder import Recorder
    from segue.speech.service.router import Route, Router
    from segue.speech.service.synthesis import Synthesis

_LONGEST_S = 5.0


class BaselineCheck:
    """Checks bad audio of the candidate if the fallback is off. Otherwise the baseline is asked anyway."""

    def __init__(self, router: Router, synthesis: Synthesis, recorder: Recorder) -> None:
        self._router = router
        self._synthesis = synthesis
        self._recorder = recorder

    async def clear_up(self, route: Route, failure: SegueError) -> None:
        """Asks the baseline too, without sending the result to a listener.

        The outcome is counted with the request.
        """
        if (
            not isinstance(failure, BadAudio)
            or route.routing.fallback
            or route.rendition.render_plan.arm is Arm.BASELINE
        ):
            return
        rendition = self._router.rendition_of(route, Arm.BASELINE)
        if rendition is None:
            return
        self._recorder.in_doubt(route.request)
        with suppress(SegueError):
            timeout_s = min(_LONGEST_S, route.request.timeout_s)
            await self._synthesis.make(rendition, route.request, route.character.key, timeout_s)
