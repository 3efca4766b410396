"""All that a package with an engine of its own imports, beside ``segue.testing``.

``Engine`` says what an engine is, ``ThreadedEngine`` is a base for those that block a thread, and
``segue.testing.engine`` holds the tests that every engine must pass.
"""

from segue.kernel.errors import (
    BadAudio,
    DeadlineExceeded,
    InternalFailure,
    InvalidRequest,
    QuotaExhausted,
    SegueError,
    SentenceTooLong,
    Unavailable,
    Unsupported,
)
from segue.speech.core.catalogue import Capabilities, Range, Voice
from segue.speech.core.speech import Pause, Pcm, PhoneticAlphabet, Pronunciation, SampleEncoding, Span, Utterance
from segue.speech.engines.base import ThreadedEngine
from segue.speech.engines.options import option, refuse_unknown
from segue.speech.ports.engine import Engine, Health

__all__ = [
    "BadAudio",
    "Capabilities",
    "DeadlineExceeded",
    "Engine",
    "Health",
    "InternalFailure",
    "InvalidRequest",
    "Pause",
    "Pcm",
    "PhoneticAlphabet",
    "Pronunciation",
    "QuotaExhausted",
    "Range",
    "SampleEncoding",
    "SegueError",
    "SentenceTooLong",
    "Span",
    "ThreadedEngine",
    "Unavailable",
    "Unsupported",
    "Utterance",
    "Voice",
    "option",
    "refuse_unknown",
]
