"""The simulated world: the listeners, the two arms, and their faults."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from segue.kernel.errors import InvalidRequest

DAY_S = 86_400.0
_Z99 = 2.3263478740408408
"""The 99th percentile of the standard normal distribution."""


class Tail(StrEnum):
    """The distribution of long calls: ``lognormal``, or ``pareto`` with occasional far longer ones."""

    LOGNORMAL = "lognormal"
    PARETO = "pareto"


@dataclass(frozen=True, slots=True)
class Delays:
    """The distribution of durations, by mean and 99th percentile, in seconds."""

    mean_s: float = 0.9
    p99_s: float = 2.5
    tail: Tail = Tail.LOGNORMAL

    @property
    def sigma(self) -> float:
        """Sigma of a lognormal: from ``ln(p99 / mean) = z sigma - sigma^2 / 2``, the smaller root."""
        spread = math.log(self.p99_s / self.mean_s)
        return _Z99 - math.sqrt(max(0.0, _Z99 * _Z99 - 2.0 * spread))

    @property
    def mu(self) -> float:
        return math.log(self.mean_s) - self.sigma**2 / 2.0

    @property
    def index(self) -> float:
        """Index of a Pareto: from ``p99 / mean = (a - 1) / a x 100^(1/a)``, above 1."""
        low, high = 1.01, 50.0
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2.0
            spread = (middle - 1.0) / middle * 100.0 ** (1.0 / middle)
            low, high = (middle, high) if spread > self.p99_s / self.mean_s else (low, middle)
        return (low + high) / 2.0

    def beyond(self, level_s: float) -> float:
        """The probability that a call takes longer than the level."""
        if self.tail is Tail.PARETO:
            least_s = self.mean_s * (self.index - 1.0) / self.index
            return float(min(1.0, (level_s / least_s) ** -self.index))
        z = (math.log(level_s) - self.mu) / self.sigma
        return 0.5 * math.erfc(z / math.sqrt(2.0))

    def with_mean(self, mean_s: float) -> Delays:
        """The same spread around another mean."""
        return Delays(mean_s, mean_s * self.p99_s / self.mean_s, self.tail)


_BISECTIONS = 60

USUAL_FIRST_AUDIO = Delays(0.3, 0.9)

_PARETO_P99_S = 3.6
"""For a mean of 0.9 s."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """An arm's behaviour: error rate, durations, and the time to the first sound of its streams."""

    error_rate: float = 0.002
    delays: Delays = field(default_factory=Delays)
    first_audio: Delays = USUAL_FIRST_AUDIO


def behaviour(
    error_rate: float,
    mean_s: float,
    first_audio_mean_s: float = USUAL_FIRST_AUDIO.mean_s,
    tail: Tail = Tail.LOGNORMAL,
) -> Behaviour:
    """An arm with these means and the usual spread of its delays.

    Raises:
        InvalidRequest: a time is not positive and finite.
    """
    for what, given_s in (("synthesis time", mean_s), ("time to the first audio", first_audio_mean_s)):
        if not 0 < given_s < math.inf:
            raise InvalidRequest(f"invalid mean {what} {given_s:g} s: expected more than 0")
    usual = Delays() if tail is Tail.LOGNORMAL else Delays(p99_s=_PARETO_P99_S, tail=tail)
    return Behaviour(error_rate, usual.with_mean(mean_s), USUAL_FIRST_AUDIO.with_mean(first_audio_mean_s))


class SimulatedFaultKind(StrEnum):
    """What goes wrong, and the meaning of the fault's size.

    ``error``: this part of the calls fails. ``silence``: this part of the calls gives bad audio. ``hang``: this
    part never returns. ``slow``: the mean becomes this many seconds, and the first audio of streams is delayed in
    proportion. ``late``: only the mean time to the first audio of streams becomes this many seconds. ``outage``:
    this part of the calls of *both* arms fails. ``drag``: *both* arms take this many times as long. ``lost``: the
    judge receives no metrics (the size is the part of the runs, 1). ``down``: the judge does not run, and reads
    the metrics of that time afterwards.
    """

    ERROR = "error"
    SILENCE = "silence"
    HANG = "hang"
    SLOW = "slow"
    LATE = "late"
    OUTAGE = "outage"
    DRAG = "drag"
    LOST = "lost"
    DOWN = "down"


SHARED = frozenset({SimulatedFaultKind.OUTAGE, SimulatedFaultKind.DRAG})
"""Faults of both arms."""

_TIMES = frozenset({SimulatedFaultKind.SLOW, SimulatedFaultKind.LATE, SimulatedFaultKind.DRAG})
"""Faults whose size is not a rate."""


@dataclass(frozen=True, slots=True)
class SimulatedFault:
    """A fault: from the beginning of ``stage``, or from ``at_s``; for ``for_s``; for one character or all."""

    kind: SimulatedFaultKind
    size: float
    at_s: float = 0.0
    stage: int | None = None
    for_s: float = math.inf
    character: str = ""


_FAULT = re.compile(
    r"(?P<kind>[a-z]+):(?P<size>\d+(?:\.\d+)?)"
    r"@(?:stage(?P<stage>\d+)|day(?P<day>\d+(?:\.\d+)?)|(?P<hours>\d+(?:\.\d+)?)h)"
    r"(?:\+(?P<for>\d+(?:\.\d+)?)(?P<unit>[smhd]))?(?:/(?P<character>[A-Za-z0-9_-]+))?"
)
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY_S}


_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*([smhd])")


def parse_traffic(written: str) -> float:
    """Requests per second from ``5/s``, ``300/m``, ``1000/h`` or ``20000/d``.

    Raises:
        InvalidRequest: the text has another form, or the rate is 0.
    """
    found = _RATE.fullmatch(written.strip())
    if found is None or not float(found[1]) > 0:
        raise InvalidRequest(f"invalid rate {written!r}: expected for example 5/s, 300/m or 20000/d")
    return float(found[1]) / _UNITS_S[found[2]]


_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")


def parse_span(written: str) -> float:
    """Seconds from ``60s``, ``10m``, ``4h`` or ``1d``.

    Raises:
        InvalidRequest: the text has another form.
    """
    found = _SPAN.fullmatch(written.strip())
    if found is None:
        raise InvalidRequest(
            f"invalid time {written!r}: expected a number with its unit, for example 60s, 10m or 4h"
        )
    return float(found[1]) * _UNITS_S[found[2]]


_DRIFT = re.compile(r"([+-]?\d+(?:\.\d+)?)(%?)(?:/day)?")


def parse_drift(written: str) -> float:
    """The relative growth of traffic per day, from ``5%/day``, ``0.05/day`` or ``-2%/day``.

    Raises:
        InvalidRequest: the text has another form.
    """
    found = _DRIFT.fullmatch(written.strip())
    if found is None:
        raise InvalidRequest(f"invalid drift {written!r}: expected for example 5%/day, 0.05/day or -2%/day")
    return float(found[1]) / (100.0 if found[2] else 1.0)


def parse_fault(written: str) -> SimulatedFault:
    """A fault from ``error:0.1@stage2``, ``slow:10@day6``, ``outage:1@36h+10m`` or ``error:0.5@stage4/pip_boy``.

    Raises:
        InvalidRequest: the text has another form.
    """
    found = _FAULT.fullmatch(written.strip())
    if found is None or found["kind"] not in set(SimulatedFaultKind):
        raise InvalidRequest(
            f"invalid fault {written!r}: expected kind:size@when, for example error:0.1@stage2, slow:10@day6 or "
            f"outage:1@36h+10m; kinds: {', '.join(SimulatedFaultKind)}"
        )
    kind, size = SimulatedFaultKind(found["kind"]), float(found["size"])
    if kind not in _TIMES and not 0 < size <= 1:
        raise InvalidRequest(f"invalid fault {written!r}: the size of {kind} must be a rate above 0 and at most 1")
    if not size > 0:
        raise InvalidRequest(
            f"invalid fault {written!r}: the size of {kind} must be above 0 (seconds, or a factor for drag)"
        )
    at_s = float(found["day"]) * DAY_S if found["day"] else float(found["hours"] or 0.0) * 3600.0
    for_s = float(found["for"]) * _UNITS_S[found["unit"]] if found["for"] else math.inf
    stage = int(found["stage"]) if found["stage"] else None
    return SimulatedFault(kind, size, at_s, stage, for_s, found["character"] or "")


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a run is drawn from.

    ``requests_per_s`` reach an engine; ``cache_hit_rate`` of all lookups do not need one. ``popularity`` are the
    characters' parts of the requests, in their order; empty means equal parts. A session makes ``burst`` requests
    over ``session_s``, and succeeds or fails as a whole; if it has no length, ``split_sessions`` of the sessions
    are long enough to be counted twice. A listener has ``sessions_a_day``. ``heavy`` is the part of the requests
    made by one listener for whom the candidate always fails. ``poisoned``: another listener sends, all day, texts
    that the candidate cannot speak. ``streams_ratio`` of the calls are streams. ``night`` is the part of the day's
    traffic that is missing at its lowest point; ``drift_per_day`` is the growth of traffic. ``text_chars`` are the
    characters of a request's text. ``breaker_s`` is how long, at most, the breaker refuses calls after an engine
    has recovered.
    """

    characters: tuple[str, ...]
    requests_per_s: float = 20.0
    baseline: Behaviour = field(default_factory=Behaviour)
    candidate: Behaviour = field(default_factory=Behaviour)
    faults: tuple[SimulatedFault, ...] = ()
    cache_hit_rate: float = 0.95
    streams_ratio: float = 0.5
    burst: int = 1
    split_sessions: float = 0.5
    night: float = 0.0
    drift_per_day: float = 0.0
    approval_delay_s: float = 3600.0
    popularity: tuple[float, ...] = ()
    session_s: float = 0.0
    sessions_a_day: float = 1.0
    heavy: float = 0.0
    poisoned: bool = False
    text_chars: float = 100.0
    breaker_s: float = 0.0

    @property
    def sessions_per_s(self) -> float:
        """Sessions that begin in an average second."""
        return self.requests_per_s / self.burst

    def units_a_session(self, unit_window_s: float) -> float:
        """Units of a session without failures, as the judge counts them."""
        if self.burst <= 1:
            return 1.0
        if not self.session_s:
            return 1.0 + self.split_sessions
        return max(1.0, min(float(self.burst), self.session_s / unit_window_s))

    def units_per_s(self, unit_window_s: float) -> float:
        """Units in an average second, as the judge counts them."""
        return self.sessions_per_s * self.units_a_session(unit_window_s) * (1.0 - self.heavy)

    @property
    def parts(self) -> tuple[float, ...]:
        """The characters' parts of the requests; their sum is 1."""
        if not self.popularity:
            return (1.0 / len(self.characters),) * len(self.characters)
        whole = sum(self.popularity)
        return tuple(part / whole for part in self.popularity)

    def as_json(self) -> dict[str, object]:
        """The world as plain values; a fault without an end has ``for_s`` null."""
        faults = [asdict(fault) | {"for_s": _finite(fault.for_s)} for fault in self.faults]
        return asdict(self) | {"faults": faults}


def zipf(count: int) -> tuple[float, ...]:
    """The relative frequency of ``count`` characters: the n-th is 1/n as frequent as the first (Zipf's law)."""
    return tuple(1.0 / (number + 1) for number in range(count))


def check_faults(world: World, stages: int) -> None:
    """Raises InvalidRequest if a fault names a character or a stage that does not exist."""
    for fault in world.faults:
        if fault.stage is not None and fault.stage >= stages:
            raise InvalidRequest(f"the plan has no stage {fault.stage}; its stages are 0 to {stages - 1}")
        if fault.character and fault.character not in world.characters:
            known = ", ".join(world.characters)
            raise InvalidRequest(f"unknown character {fault.character!r}; known: {known}")


def _finite(time_s: float) -> float | None:
    return time_s if math.isfinite(time_s) else None
