"""The errors that Segue raises on purpose, shaped by what a caller can do about them.

    SegueError
    ├── InvalidRequest       invalid_request   change the request; never counts against an arm
    ├── Unsupported          unsupported       this arm cannot do it; another may
    │   └── SentenceTooLong  unsupported       split the text further and ask again
    ├── QuotaExhausted       quota             wait ``retry_after_s``; the arm is not to blame
    ├── Unavailable          unavailable       the engine did not answer; try again or elsewhere
    │   ├── Overloaded       unavailable       our own queue is full; wait ``retry_after_s``
    │   └── BreakerOpen      unavailable       it failed too often lately to be asked now
    ├── DeadlineExceeded     deadline          no answer in time
    ├── BadAudio             bad_audio         an answer came, and it is not speech
    ├── InternalFailure      internal          a fault of the engine's or of ours
    └── ConfigurationError   invalid_request   settings, catalogue or plan; carries every fault found

``code`` decides retry, fallback, breaker and label. ``str(error)`` is safe to show to a caller: it holds no
secret, and of a request's text no more than one character.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class ErrorCode(StrEnum):
    """Kinds of failure; the values are labels in metrics, logs and answers."""

    INVALID_REQUEST = "invalid_request"
    UNSUPPORTED = "unsupported"
    QUOTA = "quota"
    UNAVAILABLE = "unavailable"
    DEADLINE = "deadline"
    BAD_AUDIO = "bad_audio"
    INTERNAL = "internal"


class SegueError(Exception):
    """Base of the tree.

    ``retryable`` says whether the same call to the same engine may succeed later; ``retry_after_s`` is how
    long to wait, where that is known.
    """

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class InvalidRequest(SegueError):  # noqa: N818 - the tree names conditions, not classes of exception
    """The caller sent something that no arm could answer."""

    code = ErrorCode.INVALID_REQUEST

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Unsupported(SegueError):  # noqa: N818
    """This engine or voice cannot do what was asked; another arm may."""

    code = ErrorCode.UNSUPPORTED


class SentenceTooLong(Unsupported):
    """The voice refuses a sentence of this length; shorter ones it would say."""


class QuotaExhausted(SegueError):  # noqa: N818
    """A rate limit, ours or the vendor's, is spent."""

    code = ErrorCode.QUOTA
    retryable = True


class Unavailable(SegueError):  # noqa: N818
    """The engine could not be reached or refused to work."""

    code = ErrorCode.UNAVAILABLE
    retryable = True


class Overloaded(Unavailable):
    """Segue's own queue for this engine is full."""


class BreakerOpen(Unavailable):
    """The breaker keeps calls away from an engine that kept failing."""


class DeadlineExceeded(SegueError):  # noqa: N818
    """No answer within the time allowed."""

    code = ErrorCode.DEADLINE
    retryable = True


class BadAudio(SegueError):  # noqa: N818
    """The engine answered, and what it answered is not usable speech.

    ``findings`` names what is wrong with it, in the inspector's terms.
    """

    code = ErrorCode.BAD_AUDIO
    retryable = True

    def __init__(self, message: str, *, findings: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class InternalFailure(SegueError):  # noqa: N818
    """Something broke that should not break."""

    code = ErrorCode.INTERNAL
    retryable = True


class ConfigurationError(SegueError):
    """Settings, catalogue or plan cannot be used; every fault found is reported together."""

    code = ErrorCode.INVALID_REQUEST

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))
