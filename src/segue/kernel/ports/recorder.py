"""The interface through which the service records its work as metrics and logs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from segue.kernel.arms import Arm, Unit
    from segue.kernel.assign import Assignment, Diversion
    from segue.kernel.errors import ErrorCode


class Outcome(StrEnum):
    """How a request ended for the listener."""

    SERVED = "served"
    SERVED_BY_FALLBACK = "served_by_fallback"
    FAILED = "failed"


class RecordedRequest(Protocol):
    """The properties of a request that are recorded.

    ``unit`` is the listener that the request counts for, ``key_name`` the name of the caller's API key, empty if
    no keys are required. A request with a ``forced_arm`` or in the ``background``
    is not evidence about an arm.
    """

    @property
    def text(self) -> str: ...

    @property
    def unit(self) -> Unit: ...

    @property
    def request_id(self) -> str: ...

    @property
    def dialect(self) -> str: ...

    @property
    def forced_arm(self) -> Arm | None: ...

    @property
    def background(self) -> bool: ...

    @property
    def key_name(self) -> str: ...


class BreakerPhase(StrEnum):
    """State of a circuit breaker: it passes calls, refuses calls, or passes one as a test."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


class BulkheadName(NamedTuple):
    """Voices that share limits and fail together: one family of one engine, by its name in the catalogue."""

    engine: str
    family: str


class Attempt(NamedTuple):
    """One call to an engine for one arm, whether it succeeded or failed; never a cache hit, never an invalid
    request.

    ``request`` is the one that caused the call; other requests may have waited for the same result. ``error`` None
    means success. ``duration_s`` is the engine's own time. ``first_audio_s`` is the part of it before the first
    sound of a stream, or until the wait for that sound was given up; None if the audio was not streamed.
    ``bulkhead`` is the engine and the family of the voice that was called.
    """

    request: RecordedRequest
    arm: Arm
    model: str
    character_key: str
    duration_s: float
    error: ErrorCode | None = None
    detail: str = ""
    first_audio_s: float | None = None
    bulkhead: BulkheadName | None = None

    @property
    def text_chars(self) -> int:
        return len(self.request.text)


class Synthesized(NamedTuple):
    """One line for which an engine has made audio, whatever became of the response.

    ``shadow``: for a shadow request. Probes of an engine are not counted.
    """

    request: RecordedRequest
    arm: Arm
    character_key: str
    bulkhead: BulkheadName
    voice: str
    chars: int
    shadow: bool = False


class Served(NamedTuple):
    """One request and its outcome. ``source`` is where the audio came from: ``new``, ``memory``, ``file`` or
    ``bucket``.

    ``latency_s`` runs from arrival to response. ``joined``: the request waited for the synthesis of another
    request and failed with it. ``overloaded``: it failed because Segue's own queue was too long.
    ``backup_for`` is the failure of the arm's first voice, if a backup on the same arm answered. ``engine`` is the
    catalogue's name of the engine whose ``voice`` was heard, or was asked for if nothing was.
    """

    request: RecordedRequest
    character_key: str
    assignment: Assignment
    arm: Arm
    model: str
    outcome: Outcome
    source: str
    latency_s: float
    diversion: Diversion | None = None
    error: ErrorCode | None = None
    joined: bool = False
    overloaded: bool = False
    backup_for: ErrorCode | None = None
    engine: str = ""
    voice: str = ""


class Hit(NamedTuple):
    """One request answered with cached audio.

    It has no latency, because measuring it would make the request slower. ``lost`` are the names of the controls
    that the voice could not apply. ``engine`` and ``voice`` are as in ``Served``.
    """

    request: RecordedRequest
    character_key: str
    assignment: Assignment
    arm: Arm
    model: str
    source: str
    diversion: Diversion | None
    lost: tuple[str, ...]
    engine: str = ""
    voice: str = ""


class Fate(StrEnum):
    """What happened to a unit. Several can apply to one unit; ``asked`` applies to all."""

    ASKED = "asked"
    ERROR = "error"
    BAD_AUDIO = "bad_audio"
    REFUSED = "refused"
    FALLBACK = "fallback"
    UNSERVED = "unserved"
    BACKED_UP = "backed_up"


class UnitOutcome(NamedTuple):
    """One unit of evidence, as the judge counts it (``segue.rollout.evidence.meter``).

    It is a listener's first attempt at an arm within a period. ``seconds`` is the engine's time, ``first_audio_s``
    the part of it before the first sound of a stream; each is None if there is nothing to count.
    """

    arm: Arm
    character_key: str
    fates: tuple[Fate, ...]
    seconds: float | None
    first_audio_s: float | None = None


class Failed(NamedTuple):
    """One voice of an arm that did not answer a request. ``error_type`` is as for a fallback."""

    request: RecordedRequest
    arm: Arm
    model: str
    character_key: str
    bulkhead: BulkheadName
    error_type: str


class Skip(StrEnum):
    """Why a shadow request was not made although the request was eligible for one."""

    QUEUE_FULL = "queue_full"
    SAME = "same"
    SWITCHED_OFF = "switched_off"
    NO_VOICE = "no_voice"
    CACHED = "cached"
    BUSY = "busy"
    QUOTA = "quota"
    BUDGET = "budget"
    STORE = "store"
    INVALID = "invalid"


OVERLOADED = "overloaded"
"""Error type for a full queue of Segue's own: not a failure of an engine, and not evidence about an arm."""

NOT_ASKED = frozenset({"breaker_open", OVERLOADED})
"""Error types of fallbacks for which the candidate was not called."""


class Recorder(Protocol):
    """Counts and logs. No method waits, and none raises an exception."""

    def attempted(self, attempt: Attempt) -> None: ...

    def shadowed(self, attempt: Attempt, *, refused: bool = False) -> None:
        """The candidate processed a shadow request. It is never counted as ``attempted``.

        ``refused``: the candidate's breaker refused the call, so the attempt has neither a time nor an error.
        """
        ...

    def synthesized(self, synthesized: Synthesized) -> None:
        """An engine has made audio for one line, or has begun to, for a stream."""
        ...

    def shadow_skipped(self, reason: Skip) -> None:
        """A shadow request was not made after all."""
        ...

    def kept(self, model: str, character_key: str, audio_bytes: int) -> None:
        """A new response was encoded; ``audio_bytes`` is its size."""
        ...

    def looked_up(self, model: str, source: str | None) -> None:
        """A cache was searched; ``source`` None means a miss."""
        ...

    def recalled(self, hit: Hit) -> None:
        """Records a cache hit in one call, in place of ``looked_up``, ``served`` and ``lost``."""
        ...

    def in_doubt(self, request: RecordedRequest) -> None:
        """The candidate produced no speech for the text.

        The baseline is tried too, without a listener, to find out whether the text or the candidate is at fault.
        """

    def fell_back(self, request: RecordedRequest, character_key: str, error_type: str) -> None:
        """The baseline was used because the candidate failed or was not called (``NOT_ASKED``)."""
        ...

    def backed_up(self, failed: Failed) -> None:
        """A backup on the same arm is called because the voice before it failed or was not called."""
        ...

    def served(self, served: Served) -> None: ...

    def counted(self, unit: UnitOutcome) -> None:
        """A unit of evidence is complete."""
        ...

    def rejected(self, dialect: str, code: ErrorCode) -> None:
        """A request was refused because it is invalid."""
        ...

    def turned_away(self, door: str, reason: str) -> None:
        """A connection or a request was refused before it was parsed; ``door`` is the name of a server."""
        ...

    def lost(self, model: str, control: str) -> None:
        """A setting of a request was not applied as requested; ``control`` is its name."""
        ...

    def breaker_changed(self, bulkhead: BulkheadName, phase: BreakerPhase, failures: int) -> None: ...

    def quota_spent(self, bulkhead: BulkheadName, limit: str) -> None:
        """A quota was used up; ``limit`` is ``requests``, ``characters``, ``streams``, or ``upstream`` for the
        vendor's own.
        """
        ...

    def load_changed(self, bulkhead: BulkheadName, running: int, waiting: int) -> None: ...


class RecorderListener:
    """Implements ``Recorder`` by ignoring every event; subclasses handle those that they need."""

    def attempted(self, attempt: Attempt) -> None: ...

    def shadowed(self, attempt: Attempt, *, refused: bool = False) -> None: ...

    def synthesized(self, synthesized: Synthesized) -> None: ...

    def shadow_skipped(self, reason: Skip) -> None: ...

    def kept(self, model: str, character_key: str, audio_bytes: int) -> None: ...

    def looked_up(self, model: str, source: str | None) -> None: ...

    def recalled(self, hit: Hit) -> None: ...

    def in_doubt(self, request: RecordedRequest) -> None: ...

    def fell_back(self, request: RecordedRequest, character_key: str, error_type: str) -> None: ...

    def backed_up(self, failed: Failed) -> None: ...

    def served(self, served: Served) -> None: ...

    def counted(self, unit: UnitOutcome) -> None: ...

    def rejected(self, dialect: str, code: ErrorCode) -> None: ...

    def turned_away(self, door: str, reason: str) -> None: ...

    def lost(self, model: str, control: str) -> None: ...

    def breaker_changed(self, bulkhead: BulkheadName, phase: BreakerPhase, failures: int) -> None: ...

    def quota_spent(self, bulkhead: BulkheadName, limit: str) -> None: ...

    def load_changed(self, bulkhead: BulkheadName, running: int, waiting: int) -> None: ...
