"""The steps by which a request is answered.

1. **assign and resolve** (``router``): decide the arm, the voice and its settings, once for the whole request;
2. **recall**: look in the memory cache, then in the caches behind it;
3. **join** (``coalesce``): share work on an identical request that is in progress;
4. **make** (``synthesis``): call the engine through its bulkhead within its time, inspect and encode the audio;
5. **fall back** (``failover``): if that failed, try the voice's backups on the same arm, then the baseline, within
   the rest of the caller's time;
6. **keep**: store good audio in the cache;
7. **account**: record what the listener got, and from which arm;
8. **shadow** (``shadow``): the candidate may also make what the baseline has answered. No listener hears it.

A stream takes the same steps (``stream``). It starts as soon as its first audio is available. Before that it falls
back like a whole response, and later from one line of the text to the next (``stream_session``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from segue.kernel.errors import InvalidRequest, SegueError
from segue.kernel.ports.recorder import Hit
from segue.speech.audio.finish import silent
from segue.speech.service.accounts import answer_of
from segue.speech.service.answers import NEW, Answer, AudioResult
from segue.speech.service.baseline_check import BaselineCheck
from segue.speech.service.stream import Stream, WholeAnswer
from segue.speech.service.stream_session import StreamSession

if TYPE_CHECKING:
    from segue.kernel.ports.clock import Entropy
    from segue.speech.core.speech import EncodedAudio, SpeechRequest
    from segue.speech.ports.cache import AudioCache, CacheEntry
    from segue.speech.service.coalesce import SingleFlight
    from segue.speech.service.failover import Failover
    from segue.speech.service.router import Rendition, Route, Router
    from segue.speech.service.stream_session import Dependencies
    from segue.speech.service.streams import Opened


@dataclass(slots=True)
class _Asking:
    """The state of a request that has not been answered: whether it waits for another request's synthesis."""

    joined: bool = False


class Pipeline:
    """Answers speech requests. All collaborators are passed in; see ``segue.wiring``."""

    def __init__(
        self,
        *,
        router: Router,
        cache: AudioCache,
        single_flight: SingleFlight[AudioResult],
        failover: Failover,
        dependencies: Dependencies,
        entropy: Entropy,
    ) -> None:
        self._router = router
        self._cache = cache
        self._single_flight = single_flight
        self._failover = failover
        self._dependencies = dependencies
        self._synthesis = dependencies.synthesis
        self._accounts = dependencies.accounts
        self._baseline_check = BaselineCheck(router, dependencies.synthesis, dependencies.recorder)
        self._shadow = dependencies.shadow
        self._recorder = dependencies.recorder
        self._clock = dependencies.clock
        self._entropy = entropy
        self._progress = dependencies.progress

    async def speak(self, request: SpeechRequest, *, keep: bool = True) -> Answer:
        """The answer to a request: ``enter``, ``at_hand`` and ``answer`` in one call."""
        route = await self._dependencies.synthesis.threads.run_if_long(len(request.text), self.enter, request)
        return self.at_hand(route) or await self.answer(route, keep=keep)

    def enter(self, request: SpeechRequest) -> Route:
        """Decides how the request will be answered. Can be called from any thread.

        Raises:
            InvalidRequest: no arm can answer it.
        """
        return self._router.route(request)

    def at_hand(self, route: Route) -> Answer | None:
        """The answer, if it is available without waiting."""
        if not route.request.cache_enabled:
            return None
        cached = self._cache.peek(route.rendition.key)
        if cached is None:
            return None
        entry, source = cached
        render_plan = route.rendition.render_plan
        self._recorder.recalled(
            Hit(
                route.request,
                route.character.key,
                route.assignment,
                render_plan.arm,
                render_plan.model,
                source,
                route.diversion,
                render_plan.lost,
                render_plan.bulkhead.engine,
                render_plan.voice.name,
            )
        )
        return Answer(route, AudioResult(route.rendition, entry.audio, source, route.rendition.key))

    async def answer(self, route: Route, *, keep: bool = True) -> Answer:
        """The answer, from a cache or from an engine.

        ``keep`` False: it does not have to be stored under its id. ``keep`` True: use ``settled`` to wait until
        other processes can find it, too.

        Raises:
            SegueError: InvalidRequest for a text that no arm can say, Overloaded, or the failure.
        """
        if route.rendition.silence_ms:
            return await self._silence(route, keep=keep or route.request.cache_enabled)
        began_s, asking = self._clock.monotonic_s(), _Asking()
        try:
            found = await self._recalled(route)
            if found is None:
                found = await self._progress.watched(self._joined(route, asking, keep=keep))
        except InvalidRequest:
            raise  # the caller's mistake, found by the engine; the API counts it
        except SegueError as error:
            latency_s = self._clock.monotonic_s() - began_s
            if not asking.joined:
                await self._baseline_check.clear_up(route, error)
            self._accounts.failed(route, error, latency_s, joined=asking.joined)
            self._shadow.failed(route, error)
            raise
        answer = answer_of(route, found)
        self._accounts.served(answer, self._clock.monotonic_s() - began_s)
        if not answer.cached:
            self._shadow.answered(route)
        return answer

    async def settled(self, answer: Answer) -> bool:
        """Whether every process can find the answer by its id, after a short wait if necessary."""
        return await self._dependencies.write_behind.settled(answer.result.audio_id)

    async def stream(self, route: Route) -> Stream:
        """The answer as a stream, once its first audio is available. The caller must close the stream.

        If the candidate fails in a background request, the baseline starts again from the first word. Background
        requests are made faster than real time.

        Raises:
            SegueError: as for ``answer``; nothing has been heard then.
        """
        if route.rendition.silence_ms:
            return Stream(WholeAnswer(await self._silence(route, keep=route.request.cache_enabled)))
        began_s = self._clock.monotonic_s()
        try:
            found = await self._recalled(route)
            opened = None if found is not None else await self._watched(route)
        except InvalidRequest:
            raise
        except SegueError as error:
            latency_s = self._clock.monotonic_s() - began_s
            await self._baseline_check.clear_up(route, error)
            self._accounts.failed(route, error, latency_s)
            self._shadow.failed(route, error, streamed=True)
            raise
        latency_s = self._clock.monotonic_s() - began_s
        if opened is None:
            answer = answer_of(route, cast("AudioResult", found))
            self._accounts.served(answer, latency_s)
            return Stream(WholeAnswer(answer))
        return Stream(StreamSession(self._dependencies, route, opened, latency_s))

    async def _silence(self, route: Route, *, keep: bool) -> Answer:
        """The answer to a text with nothing to say. No engine is called, so it is not evidence about an arm."""
        began_s, rendition = self._clock.monotonic_s(), route.rendition
        found = await self._recalled(route)
        if found is None:
            audio = await self._synthesis.threads.run(
                silent, rendition.silence_ms, rendition.render_plan.manner.audio_format
            )
            found = self._kept(route, rendition, audio, keep=keep)
        answer = answer_of(route, found)
        self._accounts.served(answer, self._clock.monotonic_s() - began_s)
        return answer

    async def _watched(self, route: Route) -> Opened:
        """Opens a stream.

        Background requests are not watched, because they may wait long and do not reflect what listeners
        experience.
        """
        if route.request.background:
            return await self._opened(route)
        return await self._progress.watched(self._opened(route))

    async def _opened(self, route: Route) -> Opened:
        async def open_rendition(rendition: Rendition, timeout_s: float) -> Opened:
            return await self._dependencies.streams.open(route, rendition, timeout_s)

        return await self._failover.run(route, open_rendition)

    async def _recalled(self, route: Route) -> AudioResult | None:
        if not route.request.cache_enabled:
            return None
        found = self._cached_result(route.rendition, await self._cache.get(route.rendition.key))
        if found is None:
            self._recorder.looked_up(route.rendition.render_plan.model, None)
        return found

    async def _joined(self, route: Route, asking: _Asking, *, keep: bool) -> AudioResult:
        """Makes the audio, together with identical requests unless the caller asks for a fresh synthesis."""
        request = route.request

        async def make(rendition: Rendition, timeout_s: float) -> AudioResult:
            if rendition is not route.rendition and request.cache_enabled:
                kept = self._cached_result(rendition, await self._cache.get(rendition.key))
                if kept is not None:
                    return kept
            return await self._made(route, rendition, timeout_s, keep=keep or request.cache_enabled)

        async def work() -> AudioResult:
            return await self._failover.run(route, make)

        same = (
            route.rendition.key,
            route.rendition.render_plan.backups,
            route.character.key,
            route.routing.fallback,
            request.timeout_s,
        )  # and therefore its fallback
        key = same if request.cache_enabled else object()
        asking.joined = key in self._single_flight
        return await self._single_flight.join(key, work)

    async def _made(self, route: Route, rendition: Rendition, timeout_s: float, *, keep: bool) -> AudioResult:
        finished = await self._synthesis.make(rendition, route.request, route.character.key, timeout_s)
        return self._kept(route, rendition, finished.audio, keep=keep)._replace(remarks=finished.remarks)

    def _kept(self, route: Route, rendition: Rendition, audio: EncodedAudio, *, keep: bool) -> AudioResult:
        audio_id = ""
        if keep:
            audio_id = rendition.key if route.request.cache_enabled else self._entropy.token()
        self._dependencies.write_behind.put(audio_id, rendition, route.character.key, audio)
        return AudioResult(rendition, audio, NEW, audio_id)

    def _cached_result(self, rendition: Rendition, cached: tuple[CacheEntry, str] | None) -> AudioResult | None:
        if cached is None:
            return None
        entry, source = cached
        self._recorder.looked_up(rendition.render_plan.model, source)
        return AudioResult(rendition, entry.audio, source, rendition.key)
