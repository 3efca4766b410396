"""The listeners, the two arms, and what goes wrong with them."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from segue.core.errors import InvalidRequest

DAY_S = 86_400.0
_Z99 = 2.3263478740408408
"""The standard normal's 99th percentile."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Lognormal durations, by their mean and 99th percentile, in seconds."""

    mean_s: float = 0.9
    p99_s: float = 2.5

    @property
    def sigma(self) -> float:
        """From ``ln(p99 / mean) = z sigma - sigma^2 / 2``, the smaller root."""
        spread = math.log(self.p99_s / self.mean_s)
        return _Z99 - math.sqrt(max(0.0, _Z99 * _Z99 - 2.0 * spread))

    @property
    def mu(self) -> float:
        return math.log(self.mean_s) - self.sigma**2 / 2.0

    def beyond(self, level_s: float) -> float:
        """The chance that a call takes longer."""
        z = (math.log(level_s) - self.mu) / self.sigma
        return 0.5 * math.erfc(z / math.sqrt(2.0))

    def with_mean(self, mean_s: float) -> Delays:
        """As widely spread around another mean."""
        return Delays(mean_s, mean_s * self.p99_s / self.mean_s)


USUAL_FIRST_AUDIO = Delays(0.3, 0.9)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How an arm does: how many of its calls fail, how long they take, and its streams to their first sound."""

    error_rate: float = 0.002
    delays: Delays = field(default_factory=Delays)
    first_audio: Delays = USUAL_FIRST_AUDIO


def behaviour(error_rate: float, mean_s: float, first_audio_mean_s: float = USUAL_FIRST_AUDIO.mean_s) -> Behaviour:
    """An arm with these means, its delays spread as usual.

    Raises:
        InvalidRequest: a time that is none.
    """
    for what, given_s in (("synthesis time", mean_s), ("time to the first audio", first_audio_mean_s)):
        if not 0 < given_s < math.inf:
            raise InvalidRequest(f"a mean {what} of {given_s:g} s is none")
    return Behaviour(error_rate, Delays().with_mean(mean_s), USUAL_FIRST_AUDIO.with_mean(first_audio_mean_s))


class FaultKind(StrEnum):
    """``error``: so many calls fail. ``silence``: so many calls give bad audio. ``hang``: so many never answer.
    ``slow``: the mean becomes so many seconds, and streams begin as much later. ``late``: only the mean time to
    the first audio of streams becomes so many seconds. ``outage``: so many calls of *both* arms fail.
    """

    ERROR = "error"
    SILENCE = "silence"
    HANG = "hang"
    SLOW = "slow"
    LATE = "late"
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong: from ``stage``'s beginning, or from ``at_s``; for ``for_s``; for a character."""

    kind: FaultKind
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
    """Requests a second from ``5/s``, ``300/m``, ``1000/h`` or ``20000/d``.

    Raises:
        InvalidRequest: it is not written so, or is nothing.
    """
    found = _RATE.fullmatch(written.strip())
    if found is None or not float(found[1]) > 0:
        raise InvalidRequest(f"{written!r} is no traffic; write requests by time, such as 5/s, 300/m or 20000/d")
    return float(found[1]) / _UNITS_S[found[2]]


_DRIFT = re.compile(r"([+-]?\d+(?:\.\d+)?)(%?)(?:/day)?")


def parse_drift(written: str) -> float:
    """By what part of itself traffic grows a day: ``5%/day``, ``0.05/day``, ``-2%/day``.

    Raises:
        InvalidRequest: it is not written so.
    """
    found = _DRIFT.fullmatch(written.strip())
    if found is None:
        raise InvalidRequest(f"{written!r} is no drift; write it as 5%/day, 0.05/day or -2%/day")
    return float(found[1]) / (100.0 if found[2] else 1.0)


def parse_fault(written: str) -> Fault:
    """``error:0.1@stage2``, ``slow:10@day6``, ``outage:1@36h+10m``, ``error:0.5@stage4/pip_boy``.

    Raises:
        InvalidRequest: it is not written so.
    """
    found = _FAULT.fullmatch(written.strip())
    if found is None or found["kind"] not in set(FaultKind):
        raise InvalidRequest(
            f"{written!r} is no fault; write kind:size@when, such as error:0.1@stage2, slow:10@day6 or "
            f"outage:1@36h+10m; kinds: {', '.join(FaultKind)}"
        )
    kind, size = FaultKind(found["kind"]), float(found["size"])
    if kind not in {FaultKind.SLOW, FaultKind.LATE} and not 0 < size <= 1:
        raise InvalidRequest(f"{written!r}: the size of {kind} is a rate, above 0 and at most 1")
    if not size > 0:
        raise InvalidRequest(f"{written!r}: the size of {kind} is a mean in seconds, above 0")
    at_s = float(found["day"]) * DAY_S if found["day"] else float(found["hours"] or 0.0) * 3600.0
    for_s = float(found["for"]) * _UNITS_S[found["unit"]] if found["for"] else math.inf
    stage = int(found["stage"]) if found["stage"] else None
    return Fault(kind, size, at_s, stage, for_s, found["character"] or "")


@dataclass(frozen=True, slots=True)
class World:
    """Everything a run is drawn from.

    ``requests_per_s`` reach an engine; of all lookups ``cache_hit_rate`` did not have to. A session makes
    ``burst`` requests that succeed or fail together, ``split_sessions`` of them long enough to be counted twice.
    ``streams_ratio`` of the calls are streams.
    ``night`` is the part of the day's traffic that is missing at its lowest, ``drift_per_day`` how traffic grows.
    """

    characters: tuple[str, ...]
    requests_per_s: float = 20.0
    baseline: Behaviour = field(default_factory=Behaviour)
    candidate: Behaviour = field(default_factory=Behaviour)
    faults: tuple[Fault, ...] = ()
    cache_hit_rate: float = 0.95
    streams_ratio: float = 0.5
    burst: int = 1
    split_sessions: float = 0.5
    night: float = 0.0
    drift_per_day: float = 0.0
    approval_delay_s: float = 3600.0

    @property
    def sessions_per_s(self) -> float:
        """Sessions begun in an average second."""
        return self.requests_per_s / self.burst

    @property
    def counted_twice(self) -> float:
        """The part of the sessions that make two units, as the judge counts them."""
        return self.split_sessions if self.burst > 1 else 0.0

    @property
    def units_per_s(self) -> float:
        """Units, as the judge counts them, in an average second."""
        return self.sessions_per_s * (1.0 + self.counted_twice)

    def as_json(self) -> dict[str, object]:
        """In plain values; a fault without an end has ``for_s`` null."""
        faults = [asdict(fault) | {"for_s": _finite(fault.for_s)} for fault in self.faults]
        return asdict(self) | {"faults": faults}


def check_faults(world: World, stages: int) -> None:
    """Raises InvalidRequest where a fault is of a character or at a stage that does not exist."""
    for fault in world.faults:
        if fault.stage is not None and fault.stage >= stages:
            raise InvalidRequest(f"the plan has no stage {fault.stage}; its stages are 0 to {stages - 1}")
        if fault.character and fault.character not in world.characters:
            known = ", ".join(world.characters)
            raise InvalidRequest(f"nobody is called {fault.character!r}; known: {known}")


def _finite(time_s: float) -> float | None:
    return time_s if math.isfinite(time_s) else None
