"""Finds marks within the lines of a text (emphasis, links, code, tags, entities) and makes an edit for each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segue.speech.core.speech import Loss
from segue.speech.core.text.edits import Edit, Rest
from segue.speech.core.text.emphasis import SignRuns
from segue.speech.core.text.entities import ENTITY, decoded_entity
from segue.speech.core.text.tags import COMMENT, NO_TAGS, TAG, find_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_NOT_IN_ADDRESSES = r"\s<>\[\]\"`\u2e80-\U0001ffff"
ADDRESS = rf"https?://(?P<host>[^/?#{_NOT_IN_ADDRESSES}]{{1,255}})[^{_NOT_IN_ADDRESSES}]{{0,2048}}"
_MAIL = r"<(?:mailto:)?(?P<mail>[\w.+-]{1,64}@[\w.-]{1,255})>"
_DESTINATION = (
    r"(?:<(?P<pointed>[^<>\n]{0,2048})>|(?P<to>[^\s()<>]{0,2048}(?:\([^\s()]{0,512}\)[^\s()]{0,512}){0,8}))"
)
_CLOSE_LINK = rf"\]\([ ]?{_DESTINATION}(?:[ ]{{1,9}}(?:\"[^\"\n]{{0,512}}\"|'[^'\n]{{0,512}}'))?[ ]?\)"
_CODE = r"(?<!`)(?P<ticks>```|``|`)(?!`)(?P<code>[^`\n]{1,500}|(?<=``)[^\n`]{1,300}`[^\n`]{1,300})(?P=ticks)(?!`)"

_EVERYWHERE = f"<{ADDRESS}>|{ADDRESS.replace('host', 'bare')}|{_MAIL}|{COMMENT}|{TAG}|{ENTITY}"
_PLAIN = re.compile(_EVERYWHERE)
_MARKDOWN = re.compile(
    rf"(?P<escape>\\[!-/:-@\[-`{{-~])|{_CODE}|{_CLOSE_LINK}|\]\[(?P<reference>[^\[\]\n]{{0,200}})\]"
    rf"|(?P<note>\[\^[^\[\]\s]{{1,40}}\])|(?P<image>!\[)|(?P<open>\[)|(?P<close>\])"
    rf"|{_EVERYWHERE}|(?P<run>\*{{1,99}}|_{{1,99}}|~{{1,99}})"
)

_CLOSERS_OF_ADDRESSES = ".,;:!?'\"*_~"
_SHOWN_CHARS = 64
_TARGET = re.compile(r"[/.#:]|\A\Z")
"""A link's URL contains one of these; ``[sic](see)`` is not a link."""


class Inline:
    """Reads a text line by line. ``edits`` and ``losses`` contain the result.

    ``markdown``: Markdown is recognized; otherwise only tags, entities and URLs are. ``references`` are the names
    of URLs that the text defines elsewhere.
    """

    def __init__(self, text: str, *, markdown: bool, references: frozenset[str] = frozenset()) -> None:
        self.edits: list[Edit] = []
        self._text = text
        self._pattern = _MARKDOWN if markdown else _PLAIN
        self._tags = find_tags(text) if "<" in text else NO_TAGS
        self._references = references
        self._runs = SignRuns(text, self.edits)
        self._brackets: list[tuple[int, int]] = []
        self._counts = {"links": 0, "notes": 0, "images": 0}
        self._read: dict[str, Callable[[re.Match[str]], None]] = {
            "escape": self._escape,
            "code": self._code,
            "pointed": self._link,
            "to": self._link,
            "reference": self._reference,
            "note": self._note,
            "image": self._opens,
            "open": self._opens,
            "close": self._closes,
            "host": self._address,
            "bare": self._address,
            "mail": self._mail,
            "comment": self._comment,
            "tag": self._tag,
            "empty": self._tag,
            "entity": self._entity,
            "run": self._run,
        }

    def begin(self) -> None:
        """Starts a new paragraph. Marks that were opened in the previous one stay text."""
        self._runs.begin()
        self._brackets.clear()

    def read(self, start: int, end: int) -> None:
        """Reads the line from ``start`` up to ``end``."""
        for found in self._pattern.finditer(self._text, start, end):
            self._read[found.lastgroup or ""](found)

    def losses(self) -> Iterable[Loss]:
        if self._tags.names:
            shown = " ".join(self._tags.names)[:_SHOWN_CHARS]
            yield Loss("tags", shown, "", "tags are not supported here; the text between them is spoken")
        count = self._counts
        if count["links"]:
            yield Loss("links", _number(count["links"], "address"), "texts or hosts", "URLs are not read out")
        if count["notes"]:
            yield Loss("footnotes", _number(count["notes"], "mark"), "", "footnote marks are not read out")
        if count["images"]:
            yield Loss("images", str(count["images"]), "", "an image without a description cannot be read out")

    def _replace(self, found: re.Match[str], say: str = "", rest: Rest = Rest.NONE) -> None:
        self.edits.append(Edit(found.start(), found.end(), say, rest))

    def _escape(self, found: re.Match[str]) -> None:
        self.edits.append(Edit(found.start(), found.start() + 1))

    def _code(self, found: re.Match[str]) -> None:
        ticks = len(found["ticks"])
        self.edits.append(Edit(found.start(), found.start() + ticks))
        self.edits.append(Edit(found.end() - ticks, found.end()))

    def _opens(self, found: re.Match[str]) -> None:
        self._brackets.append(found.span())

    def _closes(self, _: re.Match[str]) -> None:
        if self._brackets:
            self._brackets.pop()

    def _link(self, found: re.Match[str]) -> None:
        target = found["to"] if found["pointed"] is None else found["pointed"]
        if not self._brackets:
            return
        start, end = self._brackets.pop()
        if _TARGET.search(target) is None:
            return
        is_image = end - start > 1
        is_empty = not self._text[end : found.start()].strip()
        self.edits.append(Edit(start, end))
        self._replace(found, _host(target) if is_empty and not is_image else "")
        self._counts["images" if is_image and is_empty else "links"] += 1

    def _reference(self, found: re.Match[str]) -> None:
        if not self._brackets:
            return
        start, end = self._brackets.pop()
        name = found["reference"] or self._text[end : found.start()]
        if name.casefold() in self._references:
            self.edits.append(Edit(start, end))
            self._replace(found)
            self._counts["links"] += 1

    def _note(self, found: re.Match[str]) -> None:
        self._replace(found)
        self._counts["notes"] += 1

    def _address(self, found: re.Match[str]) -> None:
        whole = found.group()
        if whole.startswith("<"):
            self._replace(found, _host(whole[1:-1]))
        else:
            address = _bare(whole)
            end = found.start() + len(address)
            apart = " " if self._text[end : end + 1].isalnum() else ""
            self.edits.append(Edit(found.start(), end, _host(address) + apart))
        self._counts["links"] += 1

    def _mail(self, found: re.Match[str]) -> None:
        self._replace(found, found["mail"])

    def _comment(self, found: re.Match[str]) -> None:
        self._replace(found)

    def _tag(self, found: re.Match[str]) -> None:
        edit = self._tags.edits.get(found.start())
        if edit is not None:
            self.edits.append(edit)

    def _entity(self, found: re.Match[str]) -> None:
        said = decoded_entity(found["entity"])
        if said:
            self._replace(found, said)

    def _run(self, found: re.Match[str]) -> None:
        self._runs.add(found.start(), found.end())


def _bare(address: str) -> str:
    """The URL without the punctuation of its sentence."""
    bare = address.rstrip(_CLOSERS_OF_ADDRESSES)
    more = bare.count(")") - bare.count("(")
    end = len(bare)
    while more > 0 and bare[end - 1] == ")":
        end -= 1
        more -= 1
    return bare[:end].rstrip(_CLOSERS_OF_ADDRESSES)


def _host(address: str) -> str:
    """What is said for a URL."""
    host = address.partition("://")[2] or address.removeprefix("mailto:")
    for mark in "/?#":
        host = host.partition(mark)[0]
    return host.rpartition("@")[2].removeprefix("www.") or address.partition(":")[0]


def _number(count: int, what: str) -> str:
    plural = "es" if what.endswith("s") else "s"
    return f"{count} {what}{plural if count > 1 else ''}"
