"""Limits guessing of secrets, per client: after a few wrong ones responses are delayed, after many the client is
locked out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.connections import network_of

if TYPE_CHECKING:
    from segue.kernel.connections import Proxies

_FREE = 3
_MOST = 20
_FORGOTTEN_S = 60.0
_STEP_S = 0.25
_LONGEST_S = 4.0
_MOST_CALLERS = 10_000


class _Wrong(NamedTuple):
    guesses: int
    last_s: float


class Guesses:
    """Counts wrong secrets by client address, IPv6 addresses by their /64 network. ``now_s`` must never go back.

    Behind an address of ``proxies`` there can be any client, including operators. Wrong secrets from there are
    only delayed; the address is never locked out.
    """

    def __init__(self, proxies: Proxies) -> None:
        self._proxies = proxies
        self._by_caller: dict[str, _Wrong] = {}

    def locked_for_s(self, caller: str, now_s: float) -> float:
        """How many seconds this caller stays locked out; 0 if it is not locked out."""
        wrong = self._recent(caller, now_s)
        if wrong.guesses < _MOST or caller in self._proxies:
            return 0.0
        return wrong.last_s + _FORGOTTEN_S - now_s

    def wrong(self, caller: str, now_s: float) -> float:
        """Counts a wrong secret; returns how many seconds to delay the response."""
        count, network = self._recent(caller, now_s).guesses + 1, network_of(caller)
        self._by_caller.pop(network, None)
        if len(self._by_caller) >= _MOST_CALLERS:
            del self._by_caller[next(iter(self._by_caller))]  # the caller whose last wrong secret is the oldest
        self._by_caller[network] = _Wrong(count, now_s)
        if count <= _FREE:
            return 0.0
        return float(min(_LONGEST_S, _STEP_S * 2.0 ** min(10, count - _FREE - 1)))

    def _recent(self, caller: str, now_s: float) -> _Wrong:
        wrong = self._by_caller.get(network_of(caller))
        if wrong is None or now_s - wrong.last_s >= _FORGOTTEN_S:
            return _Wrong(0, now_s)
        return wrong
