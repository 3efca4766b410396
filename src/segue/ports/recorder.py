"""What the service tells the world about its work."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from segue.core.assign import Assignment, Diversion
    from segue.core.breaker import BreakerPhase
    from segue.core.errors import ErrorCode
    from segue.core.speech import Arm, SpeechRequest


class Outcome(StrEnum):
    """What the listener got."""

    SERVED = "served"
    SERVED_BY_FALLBACK = "served_by_fallback"
    FAILED = "failed"


class Attempt(NamedTuple):
    """One call of an engine for one arm, however it ended: never a cache hit, never a caller's mistake.

    ``request`` is the one that it was made for; others may have waited for the same. ``error`` None is success.
    ``duration_s`` is the engine's own time; ``first_audio_s`` what of it passed before the first sound of a
    stream, or until the wait for it was given up; None for audio that was asked for whole.
    """

    request: SpeechRequest
    arm: Arm
    model: str
    character_key: str
    duration_s: float
    error: ErrorCode | None = None
    detail: str = ""
    first_audio_s: float | None = None

    @property
    def text_chars(self) -> int:
        return len(self.request.text)


class Served(NamedTuple):
    """One request and what came of it. ``source`` is where the audio was: ``new``, ``memory``, ``file``.

    ``latency_s`` runs from arrival to answer.
    """

    request: SpeechRequest
    character_key: str
    assignment: Assignment
    arm: Arm
    model: str
    outcome: Outcome
    source: str
    latency_s: float
    diversion: Diversion | None = None
    error: ErrorCode | None = None


class Hit(NamedTuple):
    """One request answered with audio that was at hand; not timed, for timing it would take longer.

    ``lost`` are the names of the controls that the voice could not take over.
    """

    request: SpeechRequest
    character_key: str
    assignment: Assignment
    arm: Arm
    model: str
    source: str
    diversion: Diversion | None
    lost: tuple[str, ...]


class Fate(StrEnum):
    """What became of a unit; several may be true of one. ``asked`` is true of all."""

    ASKED = "asked"
    ERROR = "error"
    BAD_AUDIO = "bad_audio"
    REFUSED = "refused"
    FALLBACK = "fallback"
    UNSERVED = "unserved"


class UnitOutcome(NamedTuple):
    """One unit of evidence, as the judge counts it (``segue.telemetry.meter``): a listener's first attempt at an
    arm in a while. ``seconds`` is the engine's time, ``first_audio_s`` what of it passed before the first sound of
    a stream; None where there is none to count.
    """

    arm: Arm
    character_key: str
    fates: tuple[Fate, ...]
    seconds: float | None
    first_audio_s: float | None = None


NOT_ASKED = frozenset({"breaker_open", "overloaded"})
"""Error types of fallbacks from a candidate that was never called."""


class LaneName(NamedTuple):
    """Voices that share limits and fail together: one family of one engine."""

    engine: str
    family: str


class Recorder(Protocol):
    """Counts and logs. No method waits; none raises."""

    def attempted(self, attempt: Attempt) -> None: ...

    def kept(self, model: str, character_key: str, audio_bytes: int) -> None:
        """A new answer was encoded; its size."""
        ...

    def looked_up(self, model: str, source: str | None) -> None:
        """A cache was asked; ``source`` None is a miss."""
        ...

    def recalled(self, hit: Hit) -> None:
        """All that there is to count of a hit, in one call: ``looked_up``, ``served`` and ``lost``."""
        ...

    def fell_back(self, request: SpeechRequest, character_key: str, error_type: str) -> None:
        """The baseline was asked because the candidate failed, or was not asked at all (``NOT_ASKED``)."""
        ...

    def served(self, served: Served) -> None: ...

    def counted(self, unit: UnitOutcome) -> None:
        """A unit of evidence is complete."""
        ...

    def rejected(self, dialect: str, code: ErrorCode) -> None:
        """A request was refused as the caller's mistake."""
        ...

    def lost(self, model: str, control: str) -> None:
        """A setting of a request was not applied as asked; ``control`` is its name."""
        ...

    def breaker_changed(self, lane: LaneName, phase: BreakerPhase, failures: int) -> None: ...

    def quota_spent(self, lane: LaneName, limit: str) -> None:
        """``limit``: ``requests``, ``characters``, ``streams``, or ``upstream`` when the vendor said so."""
        ...

    def load_changed(self, lane: LaneName, running: int, waiting: int) -> None: ...
