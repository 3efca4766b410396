"""Converts SSML to text and marks.

It is parsed by expat as a stream with limits for everything, and nothing external is ever fetched.

Sources: W3C Speech Synthesis Markup Language 1.1; the subsets that Google, Azure and Polly document.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import Loss, Marked, Pause, Span
from segue.speech.core.text.marks import MAX_MARKS, NAMED_PAUSES_MS, settled
from segue.speech.core.text.normalize import MAX_TEXT_CHARS
from segue.speech.core.text.spelling import LEFT_TO_VOICES, spelled
from segue.speech.core.text.ssml_tags import NOTHING, TagEffect, asked_by

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_MARKUP_CHARS = 100_000
MAX_DEPTH = 20
MAX_ELEMENTS = 2000

_ROOT = "speak"
_SENTENCES = frozenset({"s", "p"})
_ENDS = ".!?。！？…;；:：,，、"
_CLOSING = "\"'”’」』)）"
_SHOWN_CHARS = 64
_LOSSES_MOST = 50


def read_ssml(markup: str, *, max_chars: int = MAX_TEXT_CHARS) -> Marked:
    """The normalized text of an SSML document, and what its tags request.

    Tags that are unknown, and requests that cannot be fulfilled, are listed in the losses.

    Raises:
        InvalidRequest: the document is not XML, has no ``<speak>``, is too long, too deep or too large, declares a
            document type or entities, or its text cannot be spoken. The message says where, and the field is
            ``ssml``.
    """
    if len(markup) > MAX_MARKUP_CHARS:
        raise _refused(f"has {len(markup)} characters; the limit is {MAX_MARKUP_CHARS}")
    reader = _Reader()
    try:
        reader.read(markup)
        return settled(reader.marked(), max_chars=max_chars)
    except UnicodeEncodeError as error:
        raise _refused(f"contains a lone surrogate (half a character) at position {error.start}") from None
    except expat.ExpatError as error:
        where = f"line {error.lineno}, column {error.offset + 1}"
        raise _refused(f"is not well-formed at {where}: {expat.ErrorString(error.code)}") from None
    except InvalidRequest as error:
        if error.field == "ssml":
            raise
        raise InvalidRequest(f"the SSML's {error}", field="ssml") from None


def _refused(why: str) -> InvalidRequest:
    return InvalidRequest(f"the SSML {why}", field="ssml")


@dataclass(frozen=True, slots=True)
class _Open:
    """An element that is not closed yet: where its text begins, and what applies to it."""

    start: int
    first_part: int
    span: Span = NOTHING
    hides: bool = False


class _Reader:
    """Expat's handlers, and the text so far."""

    def __init__(self) -> None:
        self._parser: Any = expat.ParserCreate(encoding="utf-8")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refusing("declares a document type")
        self._parser.EntityDeclHandler = self._refusing("declares an entity")
        self._parser.ExternalEntityRefHandler = self._refusing("refers to an external entity")
        self._parser.ProcessingInstructionHandler = self._refusing("contains a processing instruction")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._say
        self._open: list[_Open] = []
        self._elements = 0
        self._hiding = 0
        self._parts: list[str] = []
        self._length = 0
        self._last_sign = ""
        self._pauses: list[Pause] = []
        self._paragraphs: list[int] = []
        self._spans: list[Span] = []
        self._losses: dict[Loss, None] = {}

    def read(self, markup: str) -> None:
        self._parser.Parse(markup.encode(), True)  # noqa: FBT003 - isfinal, which has no keyword

    def marked(self) -> Marked:
        text = "".join(self._parts)
        spoken = len(text.rstrip())
        between = [
            Pause(position, NAMED_PAUSES_MS["medium"], "medium")
            for position in self._paragraphs
            if position < spoken
        ]
        return Marked(text, (*self._pauses, *between), tuple(self._spans), tuple(self._losses))

    def _refusing(self, what: str) -> Callable[..., Any]:
        def refuse(*_: object) -> None:
            raise _refused(f"{what} {self._where()}; that is not allowed")

        return refuse

    def _where(self) -> str:
        return f"at line {self._parser.CurrentLineNumber}, column {self._parser.CurrentColumnNumber + 1}"

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._check(tag)
        asked = TagEffect() if self._hiding else asked_by(tag, attributes)
        for loss in asked.losses:
            if len(self._losses) < _LOSSES_MOST:
                self._losses[loss] = None
        hides = asked.hidden or bool(asked.instead)
        opened = _Open(self._length, len(self._parts), asked.span, hides)
        if asked.pause is not None:
            self._pauses.append(replace(asked.pause, position=self._length))
        if asked.instead:
            self._say(asked.instead)
        self._hiding += hides
        self._open.append(opened)

    def _check(self, tag: str) -> None:
        if not self._open and tag != _ROOT:
            raise _refused(f"must begin with <{_ROOT}>, not with <{tag[:_SHOWN_CHARS]}>")
        if len(self._open) >= MAX_DEPTH:
            raise _refused(f"is nested more than {MAX_DEPTH} levels deep {self._where()}")
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise _refused(f"has more than {MAX_ELEMENTS} elements {self._where()}")
        if len(self._pauses) + len(self._spans) > MAX_MARKS:
            raise _refused(f"has more than {MAX_MARKS} pauses and spans {self._where()}")

    def _end(self, tag: str) -> None:
        closed = self._open.pop()
        self._hiding -= closed.hides
        if self._hiding:
            return
        if tag in _SENTENCES:
            self._end_sentence()
        if tag == "p":
            self._paragraphs.append(self._length)
        if closed.span != NOTHING:
            self._close(closed)

    def _close(self, closed: _Open) -> None:
        span = closed.span
        text = "".join(self._parts[closed.first_part :])
        plain = spelled(text, span.say_as.partition(":")[0]) if span.say_as else None
        if plain is not None:
            del self._parts[closed.first_part :]
            self._length = closed.start
            self._say(plain)
            span = replace(span, say_as="", as_is=span.say_as.partition(":")[0] not in LEFT_TO_VOICES)
        if span.pronunciation is not None:
            phrase = " ".join(text.split())
            if not phrase:
                self._losses[_wordless(span)] = None
            span = replace(span, pronunciation=replace(span.pronunciation, phrase=phrase))
        if span != NOTHING:
            self._spans.append(replace(span, start=closed.start, end=self._length))

    def _say(self, text: str) -> None:
        if not self._hiding:
            self._parts.append(text)
            self._length += len(text)
            self._last_sign = text.rstrip()[-1:] or self._last_sign

    def _end_sentence(self) -> None:
        """Ends a sentence with punctuation, which every voice understands."""
        last = self._last_sign
        if last not in _ENDS and (last.isalnum() or last in _CLOSING):
            self._say(". " if last.isascii() else "。")
        else:
            self._say(" ")


def _wordless(span: Span) -> Loss:
    said = span.pronunciation.pronunciation if span.pronunciation else ""
    return Loss("phoneme", said[:_SHOWN_CHARS], "", "the element contains no text")
