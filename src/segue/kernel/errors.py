"""The errors that Segue raises on purpose, grouped by what a caller can do about them.

    SegueError
    ├── InvalidRequest       invalid_request   change the request; never counts against an arm
    │   ├── UnknownCharacter invalid_request   no character or alias has this name; carries the known names
    │   ├── AmbiguousName    invalid_request   several names match; use one of ``meant`` exactly
    │   └── Unreadable       invalid_request   no voice can read any of this text; other parts may be readable
    ├── Unsupported          unsupported       this arm cannot do it; another arm may be able to
    │   ├── SentenceTooLong  unsupported       split the text further and retry
    │   └── AnswerTooLong    unsupported       too much audio for the time limit: use streaming or a job
    ├── QuotaExhausted       quota             wait ``retry_after_s``; does not count against the arm
    ├── Unavailable          unavailable       the engine did not answer; retry, or use another one
    │   ├── Overloaded       unavailable       Segue's own queue is full; wait ``retry_after_s``
    │   └── BreakerOpen      unavailable       the engine failed too often recently and is not called now
    ├── DeadlineExceeded     deadline          no answer in time
    ├── BadAudio             bad_audio         the engine answered, but not with speech
    ├── InternalFailure      internal          a fault of the engine or of Segue
    │   └── EngineCrashed    internal          the engine's process died; the text may be the cause
    └── ConfigurationError   invalid_request   settings, catalogue or plan; carries all faults found

``code`` determines retry, fallback, breaker and label. ``str(error)`` is safe to show to a caller: it contains no
secret, and at most one character of the request's text.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class ErrorCode(StrEnum):
    """Kinds of failure; the values are labels in metrics, logs and responses."""

    INVALID_REQUEST = "invalid_request"
    UNSUPPORTED = "unsupported"
    QUOTA = "quota"
    UNAVAILABLE = "unavailable"
    DEADLINE = "deadline"
    BAD_AUDIO = "bad_audio"
    INTERNAL = "internal"


class SegueError(Exception):
    """Base class of all errors.

    ``retryable`` says whether the same call to the same engine may succeed later. ``retry_after_s`` is how long to
    wait, if that is known.
    """

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class InvalidRequest(SegueError):  # noqa: N818 - the tree names conditions, not classes of exception
    """The caller sent something that no arm can answer."""

    code = ErrorCode.INVALID_REQUEST

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


_MOST_NAME_CHARS = 64


class UnknownCharacter(InvalidRequest):
    """No character and no alias is called ``name``."""

    def __init__(self, name: str, characters: tuple[str, ...], aliases: tuple[str, ...]) -> None:
        self.name = name[:_MOST_NAME_CHARS]
        self.characters = characters
        self.aliases = aliases
        super().__init__(f"unknown character {self.name!r}; known: {', '.join(characters)}", field="character_key")


class AmbiguousName(InvalidRequest):
    """No name equals ``name`` exactly.

    Each of ``meant`` equals it if case, blanks, hyphens and underscores are ignored.
    """

    def __init__(self, name: str, meant: tuple[str, ...], *, field: str) -> None:
        self.meant = meant
        super().__init__(
            f"{name[:_MOST_NAME_CHARS]!r} is ambiguous: use exactly {' or '.join(meant)}",
            field=field,
        )


class Unreadable(InvalidRequest):
    """No voice of the character can read any letter of the text."""


class Unsupported(SegueError):  # noqa: N818
    """This engine or voice cannot do what was requested; another arm may be able to."""

    code = ErrorCode.UNSUPPORTED


class SentenceTooLong(Unsupported):
    """The voice refuses a sentence of this length, but accepts shorter ones."""


class AnswerTooLong(Unsupported):
    """The text gives more audio than this arm can produce in the time that the caller allows."""


class QuotaExhausted(SegueError):  # noqa: N818
    """A rate limit of Segue or of the vendor is used up."""

    code = ErrorCode.QUOTA
    retryable = True


class Unavailable(SegueError):  # noqa: N818
    """The engine could not be reached or refused to work."""

    code = ErrorCode.UNAVAILABLE
    retryable = True


class Overloaded(Unavailable):
    """Segue's own queue for this engine is full."""


class BreakerOpen(Unavailable):
    """The breaker is open: the engine failed repeatedly and is not called for now."""


class DeadlineExceeded(SegueError):  # noqa: N818
    """No answer within the time limit."""

    code = ErrorCode.DEADLINE
    retryable = True


class BadAudio(SegueError):  # noqa: N818
    """The engine answered, but its answer is not usable speech.

    ``findings`` lists what is wrong with it, in the terms of the audio inspection.
    """

    code = ErrorCode.BAD_AUDIO
    retryable = True

    def __init__(self, message: str, *, findings: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class InternalFailure(SegueError):  # noqa: N818
    """Something failed that should not fail."""

    code = ErrorCode.INTERNAL
    retryable = True


class EngineCrashed(InternalFailure):
    """The process that an engine ran in died in the middle of an utterance.

    ``from_outside``: something other than its own code killed it, so the text is not the cause.
    """

    def __init__(self, message: str, *, from_outside: bool = False) -> None:
        super().__init__(message)
        self.from_outside = from_outside


class ConfigurationError(SegueError):
    """Settings, catalogue or plan cannot be used; all faults are reported together."""

    code = ErrorCode.INVALID_REQUEST

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))
