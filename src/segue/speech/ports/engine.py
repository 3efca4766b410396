"""The interface of an engine, which turns an utterance into samples.

A factory creates the engine. It is registered under the entry-point group ``segue.engines``, gets the engine's
options from the catalogue (``Mapping[str, object]``), and returns an object with this interface, not yet started.
Every engine must pass the tests in ``segue.testing.engine``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Pcm, Utterance


@dataclass(frozen=True, slots=True)
class Health:
    """Whether an engine is ready, with details."""

    ready: bool
    detail: str


@runtime_checkable
class Engine(Protocol):
    """A source of speech.

    Methods may be called from many tasks at the same time. A cancelled call stops its work as soon as the engine
    allows. An engine raises only the errors of ``segue.kernel.errors``. Utterances in the ``background`` may wait
    for all others; an engine that runs elsewhere can ignore that.

    An engine that runs on this machine may have an attribute ``places: int``, the number of utterances that it
    makes at the same time. It then gets no more calls than it can use. A slow engine may have an attribute
    ``real_time_factor: float``, the seconds that it needs at best for a second of audio. Until its speed has been
    measured, a whole response that would take too long is refused before it is started.
    """

    @property
    def name(self) -> str:
        """The name under which the engine is registered."""
        ...

    @property
    def version(self) -> str:
        """Must change whenever the same utterance may sound different. It is part of every cache key."""
        ...

    @property
    def voices_revision(self) -> int:
        """Must change whenever ``voice`` may return another result. Earlier results are then discarded."""
        ...

    async def start(self) -> None:
        """Loads models, opens channels, warms up. Called once, inside the running event loop.

        Raises:
            Unavailable: the engine cannot work with this configuration. The message says why, and what to do.
        """
        ...

    def voices(self) -> Sequence[Voice]:
        """The voices to list. ``voice`` may accept more."""
        ...

    def voice(self, name: str) -> Voice:
        """The voice with this name. Available before ``start``, which may correct it.

        Raises:
            Unsupported: the engine has no such voice. The message names similar ones.
        """
        ...

    async def synthesize(self, utterance: Utterance) -> Pcm:
        """Makes the whole utterance. The caller limits the time, by cancelling."""
        ...

    def stream(self, utterance: Utterance) -> AsyncIterator[Pcm]:
        """Makes the utterance in pieces, all with one sample rate and encoding."""
        ...

    async def health(self) -> Health:
        """Must be cheap: no synthesis."""
        ...

    async def close(self) -> None:
        """Stops work in progress and frees what ``start`` acquired. May be called twice."""
        ...
