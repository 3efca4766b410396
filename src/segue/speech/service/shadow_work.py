"""Makes one shadow request with the candidate, if that is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.arms import Arm
from segue.kernel.errors import BreakerOpen, InvalidRequest, Overloaded, QuotaExhausted, SegueError
from segue.kernel.ports.recorder import Attempt, Skip

if TYPE_CHECKING:
    from segue.kernel.ports.recorder import Recorder
    from segue.speech.ports.cache import AudioCache
    from segue.speech.service.day_budget import DayBudget
    from segue.speech.service.failover import Patience
    from segue.speech.service.router import Rendition, Route, Router
    from segue.speech.service.shadow_synthesis import ShadowSynthesis


class ShadowWork:
    """Implements ``segue.speech.service.shadow.Work``."""

    def __init__(
        self,
        router: Router,
        cache: AudioCache,
        synthesis: ShadowSynthesis,
        budget: DayBudget,
        patience: Patience,
        recorder: Recorder,
    ) -> None:
        self._router = router
        self._cache = cache
        self._synthesis = synthesis
        self._patience = patience
        self._recorder = recorder
        self.budget = budget

    async def do(self, route: Route, *, streamed: bool) -> Skip | None:
        if not self._router.shadows(route):
            return Skip.SWITCHED_OFF
        chars = len(route.request.text)
        rendition = await self._synthesis.threads.run_if_long(
            chars, self._router.rendition_of, route, Arm.CANDIDATE
        )
        if rendition is None:
            return Skip.NO_VOICE
        if route.request.cache_enabled and await self._cache.get(rendition.key) is not None:
            return Skip.CACHED
        try:
            self._synthesis.check(route, rendition)
            refusal = await self.budget.spend(len(rendition.text))
            if refusal is None:
                await self._made(route, rendition, streamed=streamed)
        except BreakerOpen:
            self._refused(route, rendition)
            return None
        except SegueError as failure:
            return _skipped(failure)
        else:
            return refusal

    async def _made(self, route: Route, rendition: Rendition, *, streamed: bool) -> None:
        allowed_s = route.request.timeout_s
        limit_s = self._patience.first_s(allowed_s) if route.routing.fallback else allowed_s
        if streamed:
            await self._synthesis.stream(route, rendition, limit_s)
        else:
            await self._synthesis.make(route, rendition, limit_s)

    def _refused(self, route: Route, rendition: Rendition) -> None:
        """The breaker refused the shadow request, as it would have refused a listener's request."""
        render_plan = rendition.render_plan
        attempt = Attempt(
            route.request,
            render_plan.arm,
            render_plan.model,
            route.character.key,
            0.0,
            bulkhead=render_plan.bulkhead,
        )
        self._recorder.shadowed(attempt, refused=True)


def _skipped(failure: SegueError) -> Skip | None:
    """The reason why a request was not made; None for a failure of the candidate, which has been counted."""
    if isinstance(failure, Overloaded):
        return Skip.BUSY
    if isinstance(failure, QuotaExhausted):
        return Skip.QUOTA
    return Skip.INVALID if isinstance(failure, InvalidRequest) else None
