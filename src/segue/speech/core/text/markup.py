"""Markup in plain text, as callers of some services use it. Everything else is text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.speech import Loss, Marked, Pause, Span
from segue.speech.core.text.marks import NAMED_PAUSES_MS
from segue.speech.core.text.normalize import MAX_TEXT_CHARS
from segue.speech.core.text.ssml_tags import NOTHING, asked_by
from segue.speech.core.text.written import TextFormat, read_text

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSE_TAG = re.compile(r"\[pause(?: (short|long))?\]")
_TAG = re.compile(
    r"<(?P<closes>/)?(?P<name>break|phoneme)"
    r"(?P<attributes>(?:\s{1,9}[a-z]{1,20}\s{0,9}=\s{0,9}(?:\"[^\"\n]{0,200}\"|'[^'\n]{0,200}')){0,9})\s{0,9}/?>"
)
_ATTRIBUTE = re.compile(r"([a-z]{1,20})\s{0,9}=\s{0,9}(?:\"([^\"\n]{0,200})\"|'([^'\n]{0,200})')")
_LONGEST_BREAK_MS = 3000


def read_pause_tags(
    text: str,
    *,
    max_chars: int = MAX_TEXT_CHARS,
    text_format: TextFormat = TextFormat.PLAIN,
    is_part: bool = False,
) -> Marked:
    """Google's ``markup``: the named lengths ``[pause short]``, ``[pause]`` and ``[pause long]``.

    ``is_part``: see :func:`read_text`.

    Raises:
        InvalidRequest: the rest cannot be spoken, or there are too many pauses.
    """
    return read_text(_read(text, _PAUSE_TAG, _named), text_format, max_chars=max_chars, is_part=is_part)


def read_tagged(
    text: str, text_format: TextFormat = TextFormat.PLAIN, *, max_chars: int = MAX_TEXT_CHARS
) -> Marked:
    """ElevenLabs' tags in text: ``<break time="1.5s"/>`` up to 3 s, and ``<phoneme alphabet="ipa" ph="...">``.

    Raises:
        InvalidRequest: the rest cannot be spoken, or there are too many pauses.
    """
    return read_text(_read(text, _TAG, _tagged), text_format, max_chars=max_chars)


class _Sofar(NamedTuple):
    """The part of a text that has been read. ``open`` is the element that has not been closed yet."""

    kept: list[str]
    pauses: list[Pause]
    spans: list[Span]
    losses: dict[Loss, None]
    open: list[Span]


def _read(text: str, tag: re.Pattern[str], read: Callable[[int, re.Match[str], _Sofar], None]) -> Marked:
    sofar = _Sofar([], [], [], {}, [])
    end = length = 0
    for found in tag.finditer(text):
        sofar.kept.append(text[end : found.start()])
        length += len(sofar.kept[-1])
        read(length, found, sofar)
        end = found.end()
    sofar.kept.append(text[end:])
    if sofar.open:
        sofar.losses[
            Loss("phoneme", "without its </phoneme>", "", "the end tag is needed to know which words it is for")
        ] = None
    return Marked("".join(sofar.kept), tuple(sofar.pauses), tuple(sofar.spans), tuple(sofar.losses))


def _named(position: int, found: re.Match[str], sofar: _Sofar) -> None:
    name = found[1] or "medium"
    sofar.pauses.append(Pause(position, NAMED_PAUSES_MS[name], name))


def _tagged(position: int, found: re.Match[str], sofar: _Sofar) -> None:
    if found["closes"]:
        if found["name"] == "phoneme" and sofar.open:
            span = sofar.open.pop()
            _close(replace(span, end=position), sofar)
        return
    values = {name: double or single for name, double, single in _ATTRIBUTE.findall(found["attributes"])}
    asked = asked_by(found["name"], values)
    sofar.losses.update(dict.fromkeys(asked.losses))
    if asked.pause is not None:
        sofar.pauses.append(_within(replace(asked.pause, position=position), sofar))
    if found["name"] == "phoneme":
        sofar.open[:] = [replace(asked.span, start=position)]


def _close(span: Span, sofar: _Sofar) -> None:
    if span.start < span.end and replace(span, start=0, end=0) != NOTHING:
        sofar.spans.append(span)


def _within(pause: Pause, sofar: _Sofar) -> Pause:
    if pause.length_ms <= _LONGEST_BREAK_MS:
        return pause
    loss = Loss("pause", f"{pause.length_ms} ms", f"{_LONGEST_BREAK_MS} ms", "a break may be up to 3 s long")
    sofar.losses[loss] = None
    return replace(pause, length_ms=_LONGEST_BREAK_MS)
