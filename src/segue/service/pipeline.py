"""The way of a request, step by step.

1. **assign and resolve**: which arm, which voice, told what (``router``): decided once, carried along;
2. **recall**: the cache at hand, then the cache behind it;
3. **join**: identical work under way is not repeated (``coalesce``);
4. **make**: the engine through its lane, inside its time, inspected and encoded (``synthesis``);
5. **fall back**: where that failed, the baseline inside what is left of the caller's time (``failover``);
6. **keep**: what was made well;
7. **account**: what the listener got, and by which arm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.core.assign import Diversion
from segue.core.errors import InvalidRequest, SegueError
from segue.ports.cache import CacheEntry
from segue.ports.recorder import Hit, Outcome, Served
from segue.service.found import NEW, Answer, Found

if TYPE_CHECKING:
    from segue.core.speech import SpeechRequest
    from segue.ports.cache import AudioCache
    from segue.ports.clock import Clock, Entropy
    from segue.ports.recorder import Recorder
    from segue.service.coalesce import Flights
    from segue.service.failover import Failover
    from segue.service.router import Leg, Route, Router
    from segue.service.synthesis import Synthesis

_BLAMELESS = (None, Diversion.QUOTA)


class Pipeline:
    """Answers speech requests. Every collaborator is handed in; see ``segue.wiring``."""

    def __init__(  # noqa: PLR0913 - the steps of the way, one each
        self,
        *,
        router: Router,
        cache: AudioCache,
        flights: Flights[Found],
        synthesis: Synthesis,
        failover: Failover,
        recorder: Recorder,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._router = router
        self._cache = cache
        self._flights = flights
        self._synthesis = synthesis
        self._failover = failover
        self._recorder = recorder
        self._clock = clock
        self._entropy = entropy

    async def speak(self, request: SpeechRequest, *, keep: bool = True) -> Answer:
        """The answer to a request: ``enter``, ``at_hand`` and ``answer`` in one."""
        route = self.enter(request)
        return self.at_hand(route) or await self.answer(route, keep=keep)

    def enter(self, request: SpeechRequest) -> Route:
        """Decides how the request will be answered.

        Raises:
            InvalidRequest: no arm could ever answer it.
        """
        return self._router.route(request)

    def at_hand(self, route: Route) -> Answer | None:
        """The answer, where it can be given without waiting."""
        if not route.request.cache_enabled:
            return None
        cached = self._cache.peek(route.leg.key)
        if cached is None:
            return None
        entry, source = cached
        way = route.leg.way
        self._recorder.recalled(
            Hit(
                route.request,
                route.character.key,
                route.assignment,
                way.arm,
                way.model,
                source,
                route.diversion,
                way.lost,
            )
        )
        return Answer(route, Found(route.leg, entry.audio, source, route.leg.key), Outcome.SERVED)

    async def answer(self, route: Route, *, keep: bool = True) -> Answer:
        """The answer, from wherever it must come. ``keep`` False: it need not be found again under its id.

        Raises:
            SegueError: InvalidRequest for what no arm can say, Overloaded, or what went wrong.
        """
        began_s = self._clock.monotonic_s()
        try:
            found = await self._recalled(route) or await self._joined(route, keep=keep)
        except InvalidRequest:
            raise  # the caller's mistake, as the engine found: counted at the door
        except SegueError as error:
            self._account_failure(route, error, self._clock.monotonic_s() - began_s)
            raise
        return self._account(route, found, self._clock.monotonic_s() - began_s)

    async def _recalled(self, route: Route) -> Found | None:
        if not route.request.cache_enabled:
            return None
        found = self._as_found(route.leg, await self._cache.get(route.leg.key))
        if found is None:
            self._recorder.looked_up(route.leg.way.model, None)
        return found

    async def _joined(self, route: Route, *, keep: bool) -> Found:
        """A flight of one's own where the caller wants it fresh; else one with all who ask the same."""
        request = route.request

        async def make(leg: Leg, character_key: str, timeout_s: float) -> Found:
            if leg is not route.leg and request.cache_enabled:
                kept = self._as_found(leg, await self._cache.get(leg.key))
                if kept is not None:
                    return kept
            return await self._made(
                leg, character_key, timeout_s, keep=keep or request.cache_enabled, request=request
            )

        async def fly() -> Found:
            return await self._failover.run(route, make)

        same = (
            route.leg.key,
            route.character.key,
            route.routing.fallback,
            request.timeout_s,
        )  # and so its fallback
        key = same if request.cache_enabled else object()
        return await self._flights.join(key, fly)

    async def _made(
        self, leg: Leg, character_key: str, timeout_s: float, *, keep: bool, request: SpeechRequest
    ) -> Found:
        finished = await self._synthesis.make(leg, request, character_key, timeout_s)
        audio_id = ""
        if keep:
            audio_id = leg.key if request.cache_enabled else self._entropy.token()
            entry = CacheEntry(finished.audio, leg.way.voice.label, leg.way.model, self._clock.now_s())
            await self._cache.put(audio_id, entry)
        self._recorder.kept(leg.way.model, character_key, len(finished.audio.data))
        return Found(leg, finished.audio, NEW, audio_id, finished.remarks)

    def _as_found(self, leg: Leg, cached: tuple[CacheEntry, str] | None) -> Found | None:
        if cached is None:
            return None
        entry, source = cached
        self._recorder.looked_up(leg.way.model, source)
        return Found(leg, entry.audio, source, leg.key)

    def _account(self, route: Route, found: Found, latency_s: float) -> Answer:
        way = found.leg.way
        outcome = Outcome.SERVED if found.diversion in _BLAMELESS else Outcome.SERVED_BY_FALLBACK
        diversion = found.diversion or route.diversion
        self._recorder.served(
            Served(
                route.request,
                route.character.key,
                route.assignment,
                way.arm,
                way.model,
                outcome,
                found.source,
                latency_s,
                diversion,
                found.failure,
            )
        )
        for control in way.lost:
            self._recorder.lost(way.model, control)
        return Answer(route, found, outcome)

    def _account_failure(self, route: Route, error: SegueError, latency_s: float) -> None:
        way, outcome = route.leg.way, Outcome.FAILED
        self._recorder.served(
            Served(
                route.request,
                route.character.key,
                route.assignment,
                way.arm,
                way.model,
                outcome,
                "",
                latency_s,
                route.diversion,
                error.code,
            )
        )
