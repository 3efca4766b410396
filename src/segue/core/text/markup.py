"""Marks inside plain text, as some services' callers write them; all that is none of these is text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segue.core.speech import Loss, Marked, Pause
from segue.core.text.marks import NAMED_PAUSES_MS, settled
from segue.core.text.normalize import MAX_TEXT_CHARS

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSE_TAG = re.compile(r"\[pause(?: (short|long))?\]")
_BREAK = re.compile(r"""<break\s{1,9}time=(["'])(\d{1,5}(?:\.\d{1,5})?)\s?(ms|s)\1\s{0,9}/>""")
_LONGEST_BREAK_MS = 3000
_UNIT_MS = {"s": 1000.0, "ms": 1.0}

_Read = tuple[Pause, tuple[Loss, ...]]


def read_pause_tags(text: str, *, max_chars: int = MAX_TEXT_CHARS) -> Marked:
    """Google's ``markup``: ``[pause short]``, ``[pause]`` and ``[pause long]``, the names of lengths.

    Raises:
        InvalidRequest: the rest cannot be spoken, or there are too many pauses.
    """
    return _read(text, _PAUSE_TAG, _tagged, max_chars)


def read_breaks(text: str, *, max_chars: int = MAX_TEXT_CHARS) -> Marked:
    """ElevenLabs' ``<break time="1.5s"/>`` inside text, up to 3 s.

    Raises:
        InvalidRequest: the rest cannot be spoken, or there are too many pauses.
    """
    return _read(text, _BREAK, _broken, max_chars)


def _read(text: str, tag: re.Pattern[str], read: Callable[[int, re.Match[str]], _Read], max_chars: int) -> Marked:
    kept: list[str] = []
    pauses: list[Pause] = []
    losses: dict[Loss, None] = {}
    end = length = 0
    for found in tag.finditer(text):
        kept.append(text[end : found.start()])
        length += len(kept[-1])
        pause, lost = read(length, found)
        pauses.append(pause)
        losses.update(dict.fromkeys(lost))
        end = found.end()
    kept.append(text[end:])
    return settled(Marked("".join(kept), tuple(pauses), losses=tuple(losses)), max_chars=max_chars)


def _tagged(position: int, found: re.Match[str]) -> _Read:
    name = found[1] or "medium"
    return Pause(position, NAMED_PAUSES_MS[name], name), ()


def _broken(position: int, found: re.Match[str]) -> _Read:
    wanted_ms = round(float(found[2]) * _UNIT_MS[found[3]])
    if wanted_ms <= _LONGEST_BREAK_MS:
        return Pause(position, wanted_ms), ()
    loss = Loss("pause", f"{wanted_ms} ms", f"{_LONGEST_BREAK_MS} ms", "a break lasts up to 3 s")
    return Pause(position, _LONGEST_BREAK_MS), (loss,)
