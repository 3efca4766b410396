"""What an engine is: something that turns an utterance into samples.

An engine is made by a factory registered under the entry-point group ``segue.engines``: it takes the engine's
options from the catalogue (``Mapping[str, object]``) and returns an object of this shape, not yet started.
``segue.testing.engine`` holds the suite of tests that every engine must pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from segue.core.catalogue import Voice
    from segue.core.speech import Pcm, Utterance


@dataclass(frozen=True, slots=True)
class Health:
    """Whether an engine can work, and what it says about it."""

    ready: bool
    detail: str


@runtime_checkable
class Engine(Protocol):
    """A source of speech.

    Every method may be called from many tasks at once. A cancelled call stops its work as soon as the engine
    allows. Failures are errors of ``segue.core.errors``; nothing else leaves an engine.
    """

    @property
    def name(self) -> str:
        """The name it was registered under."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same utterance may sound otherwise; part of every cache key."""
        ...

    @property
    def voices_revision(self) -> int:
        """Changes whenever ``voice`` may answer otherwise than before; what it said earlier is then forgotten."""
        ...

    async def start(self) -> None:
        """Load models, open channels, warm up. Called once, inside the running event loop.

        Raises:
            Unavailable: it cannot work as configured; the message says why and what to do.
        """
        ...

    def voices(self) -> Sequence[Voice]:
        """The voices worth listing; ``voice`` may know more of them."""
        ...

    def voice(self, name: str) -> Voice:
        """The voice of that name; known before ``start``, perhaps corrected by it.

        Raises:
            Unsupported: it has no such voice; the message names the nearest.
        """
        ...

    async def synthesize(self, utterance: Utterance) -> Pcm:
        """The whole utterance. How long it may take is the caller's affair: cancel it."""
        ...

    def stream(self, utterance: Utterance) -> AsyncIterator[Pcm]:
        """The utterance in pieces as they are made, all of one sample rate and encoding."""
        ...

    async def health(self) -> Health:
        """Cheap: no synthesis."""
        ...

    async def close(self) -> None:
        """Stop work under way and free what ``start`` took. May be called twice."""
        ...
