"""Counts what is used, while requests are served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.ports.recorder import Outcome, RecorderListener
from segue.kernel.ports.usage import UsageOf, Used

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segue.kernel.ports.recorder import BulkheadName, Hit, Served, Synthesized

    Price = Callable[[BulkheadName], float | None]
    """US dollars for a million characters; None if that is not known."""

_MILLION = 1e6
_REQUESTS, _CHARACTERS, _SYNTHESIZED, _SHADOW, _UNPRICED = range(5)


class UsageCounter(RecorderListener):
    """Hears of requests and calls to engines, and adds them up until they are taken.

    A request counts when it was answered with audio. A line counts when an engine has made audio for it, also if
    the response failed later or the listener left: vendors charge for it.
    """

    def __init__(self, price: Price) -> None:
        self._price = price
        self._counts: dict[tuple[str, str, str, str], list[int]] = {}
        self._cost_usd: dict[tuple[str, str, str, str], float] = {}

    def recalled(self, hit: Hit) -> None:
        request = hit.request
        self._count_request((request.key_name, hit.arm, hit.voice, hit.character_key), len(request.text))

    def served(self, served: Served) -> None:
        if served.outcome is not Outcome.FAILED:
            request = served.request
            of = (request.key_name, served.arm, served.voice, served.character_key)
            self._count_request(of, len(request.text))

    def synthesized(self, synthesized: Synthesized) -> None:
        request, chars = synthesized.request, synthesized.chars
        of = (request.key_name, synthesized.arm, synthesized.voice, synthesized.character_key)
        amounts = self._counts.get(of) or self._counted(of)
        amounts[_SHADOW if synthesized.shadow else _SYNTHESIZED] += chars
        price_usd = self._price(synthesized.bulkhead)
        if price_usd is None:
            amounts[_UNPRICED] += chars
        elif price_usd:
            self._cost_usd[of] = self._cost_usd.get(of, 0.0) + chars * price_usd / _MILLION

    def taken(self) -> Mapping[UsageOf, Used]:
        """What was counted since the last call."""
        counts, self._counts = self._counts, {}
        costs_usd, self._cost_usd = self._cost_usd, {}
        return {_usage_of(*of): _used(amounts, costs_usd.get(of, 0.0)) for of, amounts in counts.items()}

    def _count_request(self, of: tuple[str, str, str, str], chars: int) -> None:
        amounts = self._counts.get(of) or self._counted(of)
        amounts[_REQUESTS] += 1
        amounts[_CHARACTERS] += chars

    def _counted(self, of: tuple[str, str, str, str]) -> list[int]:
        amounts = self._counts[of] = [0, 0, 0, 0, 0]
        return amounts


def _usage_of(key: str, arm: str, voice: str, character: str) -> UsageOf:
    return UsageOf(key, str(arm), voice, character)  # plain text, where the arm was an enumeration


def _used(amounts: list[int], cost_usd: float) -> Used:
    requests, characters, synthesized, shadow, unpriced = amounts
    return Used(requests, characters, synthesized, shadow, unpriced, cost_usd)
