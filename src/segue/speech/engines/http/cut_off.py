"""Detects vendors that end long audio without an error: a response of maximum length is incomplete."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from segue.kernel.errors import SentenceTooLong

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from segue.speech.core.speech import Pcm

_WITHIN_S = 0.1


async def until_cut_off(
    pieces: AsyncGenerator[Pcm, None], server: str, most_s: float
) -> AsyncGenerator[Pcm, None]:
    """The same pieces.

    Raises:
        SentenceTooLong: at the end, if the audio is as long as the server allows.
    """
    said_s = 0.0
    async with aclosing(pieces):
        async for piece in pieces:
            said_s += piece.duration_s
            yield piece
    if said_s >= most_s - _WITHIN_S:
        raise SentenceTooLong(
            f"{server} cuts sound off at {most_s / 60:g} minutes: the text is too long for one call"
        )
