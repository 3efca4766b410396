"""Makes audio as for a listener and discards it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from segue.kernel.errors import SegueError
from segue.speech.core.speech import AudioFormat, Container

if TYPE_CHECKING:
    from segue.kernel.ports.recorder import Attempt, Recorder, Synthesized
    from segue.speech.service.router import Rendition, Route
    from segue.speech.service.streams import Opened, Streams
    from segue.speech.service.synthesis import Synthesis
    from segue.speech.service.threads import Threads

_PLAIN = AudioFormat(Container.PCM)


class ShadowAttempts:
    """Counts the attempts of ``Synthesis`` for shadow requests, separately from those for listeners."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def attempted(self, attempt: Attempt) -> None:
        self._recorder.shadowed(attempt)

    def synthesized(self, synthesized: Synthesized) -> None:
        self._recorder.synthesized(synthesized)


class ShadowSynthesis:
    """Calls an engine for a shadow request: with lower priority than all listeners, and with the same checks.

    It has its own ``synthesis`` and ``streams``, created with ``ShadowAttempts`` and ``spare``.
    """

    def __init__(self, synthesis: Synthesis, streams: Streams) -> None:
        self._synthesis = synthesis
        self._streams = streams

    @property
    def threads(self) -> Threads:
        """The threads for its work on long texts."""
        return self._synthesis.threads

    def check(self, route: Route, rendition: Rendition) -> None:
        """Raises BreakerOpen, Overloaded or QuotaExhausted if there is no capacity for such a call now."""
        self._synthesis.calls(rendition, route.request, route.character.key).check_spare()

    async def make(self, route: Route, rendition: Rendition, timeout_s: float) -> None:
        """Makes the whole rendition.

        Raises:
            SegueError: it failed. The attempt has been counted already.
        """
        await self._synthesis.make(_plain(rendition), route.request, route.character.key, timeout_s)

    async def stream(self, route: Route, rendition: Rendition, timeout_s: float) -> None:
        """Makes the rendition line by line; its first audio must come within ``timeout_s``.

        Raises the same errors as ``make``.
        """
        opened = await self._streams.open(route, _plain(rendition), timeout_s)
        prefetch = opened.prefetch
        try:
            await self._to_the_end(route, opened)
        except SegueError as failure:
            self._synthesis.blame(prefetch.calls, prefetch.calls.watch.elapsed_s, failure, prefetch.first_audio_s)
            raise
        else:
            self._synthesis.succeeded(prefetch.calls, prefetch.engine_s, prefetch.first_audio_s)
        finally:
            await prefetch.close()

    async def _to_the_end(self, route: Route, opened: Opened) -> None:
        prefetch, streams = opened.prefetch, self._streams
        while True:
            prefetch.look_ahead()
            await streams.complete(prefetch)
            if prefetch.turn() is None:
                return
            await streams.audible(prefetch, streams.gap_s(route.request))


def _plain(rendition: Rendition) -> Rendition:
    """Removes level and codec, which are work on this machine and say nothing about the engine."""
    manner = replace(rendition.render_plan.manner, audio_format=_PLAIN, level_lufs=None)
    return rendition._replace(render_plan=replace(rendition.render_plan, manner=manner))
