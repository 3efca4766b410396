"""The way of a request, step by step.

1. **assign and resolve**: which arm, which voice, told what (``router``): decided once, carried along;
2. **recall**: the cache at hand, then the cache behind it;
3. **join**: identical work under way is not repeated (``coalesce``);
4. **make**: the engine through its lane, inside its time, inspected and encoded (``synthesis``);
5. **fall back**: where that failed, the baseline inside what is left of the caller's time (``failover``);
6. **keep**: what was made well;
7. **account**: what the listener got, and by which arm.

A stream goes the same way (``stream``): it is there as soon as its first sound is, falls back before that as a
whole answer does, and later from one line of the text to the next (``recital``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from segue.core.errors import InvalidRequest, SegueError
from segue.ports.recorder import Hit
from segue.service.accounts import answer_of
from segue.service.found import NEW, Answer, Found
from segue.service.recital import Recital
from segue.service.stream import Stream, WholeAnswer

if TYPE_CHECKING:
    from segue.core.speech import SpeechRequest
    from segue.ports.cache import AudioCache, CacheEntry
    from segue.ports.clock import Entropy
    from segue.service.coalesce import Flights
    from segue.service.failover import Failover
    from segue.service.recital import Stage
    from segue.service.router import Leg, Route, Router
    from segue.service.streams import Opened


class Pipeline:
    """Answers speech requests. Every collaborator is handed in; see ``segue.wiring``."""

    def __init__(
        self,
        *,
        router: Router,
        cache: AudioCache,
        flights: Flights[Found],
        failover: Failover,
        stage: Stage,
        entropy: Entropy,
    ) -> None:
        self._router = router
        self._cache = cache
        self._flights = flights
        self._failover = failover
        self._stage = stage
        self._synthesis = stage.synthesis
        self._accounts = stage.accounts
        self._recorder = stage.recorder
        self._clock = stage.clock
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
        return Answer(route, Found(route.leg, entry.audio, source, route.leg.key))

    async def answer(self, route: Route, *, keep: bool = True) -> Answer:
        """The answer, from wherever it must come. ``keep`` False: it need not be found again under its id; True:
        ``settled`` waits until it can be, by other processes too.

        Raises:
            SegueError: InvalidRequest for what no arm can say, Overloaded, or what went wrong.
        """
        began_s = self._clock.monotonic_s()
        try:
            found = await self._recalled(route) or await self._joined(route, keep=keep)
        except InvalidRequest:
            raise  # the caller's mistake, as the engine found: counted at the door
        except SegueError as error:
            self._accounts.failed(route, error, self._clock.monotonic_s() - began_s)
            raise
        answer = answer_of(route, found)
        self._accounts.served(answer, self._clock.monotonic_s() - began_s)
        return answer

    async def settled(self, answer: Answer) -> bool:
        """Whether who asks for the answer's id anywhere finds it, waited for a little."""
        return await self._stage.shelf.settled(answer.found.audio_id)

    async def stream(self, route: Route) -> Stream:
        """The answer as it is made, once its first sound is there; whoever gets it must close it.

        Of a request in the background, where the candidate breaks off, the baseline begins again from the first
        word; and it is made faster than anyone could listen.

        Raises:
            SegueError: as ``answer`` does; nothing has been heard then.
        """
        began_s = self._clock.monotonic_s()
        try:
            found = await self._recalled(route)
            opened = None if found is not None else await self._opened(route)
        except InvalidRequest:
            raise
        except SegueError as error:
            self._accounts.failed(route, error, self._clock.monotonic_s() - began_s)
            raise
        latency_s = self._clock.monotonic_s() - began_s
        if opened is None:
            answer = answer_of(route, cast("Found", found))
            self._accounts.served(answer, latency_s)
            return Stream(WholeAnswer(answer))
        return Stream(Recital(self._stage, route, opened, latency_s))

    async def _opened(self, route: Route) -> Opened:
        async def open_leg(leg: Leg, timeout_s: float) -> Opened:
            return await self._stage.streams.open(route, leg, timeout_s)

        return await self._failover.run(route, open_leg)

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

        async def make(leg: Leg, timeout_s: float) -> Found:
            if leg is not route.leg and request.cache_enabled:
                kept = self._as_found(leg, await self._cache.get(leg.key))
                if kept is not None:
                    return kept
            return await self._made(route, leg, timeout_s, keep=keep or request.cache_enabled)

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

    async def _made(self, route: Route, leg: Leg, timeout_s: float, *, keep: bool) -> Found:
        request, character_key = route.request, route.character.key
        finished = await self._synthesis.make(leg, request, character_key, timeout_s)
        audio_id = ""
        if keep:
            audio_id = leg.key if request.cache_enabled else self._entropy.token()
        self._stage.shelf.put(audio_id, leg, character_key, finished.audio)
        return Found(leg, finished.audio, NEW, audio_id, finished.remarks)

    def _as_found(self, leg: Leg, cached: tuple[CacheEntry, str] | None) -> Found | None:
        if cached is None:
            return None
        entry, source = cached
        self._recorder.looked_up(leg.way.model, source)
        return Found(leg, entry.audio, source, leg.key)
