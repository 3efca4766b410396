"""Decides which angle brackets in a text are tags of HTML or SSML, and what happens to them."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from segue.speech.core.text.edits import Edit, Rest

TAG = (
    r"<(?P<closes>/)?(?P<tag>[A-Za-z][A-Za-z0-9:-]{0,31})"
    r"""(?:\s{1,9}[\w:.-]{1,64}\s{0,9}=\s{0,9}(?:"[^"<>]{0,500}"|'[^'<>]{0,500}'|[^\s"'<>=]{1,200})){0,20}"""
    r"\s{0,9}(?P<empty>/)?>"
)
COMMENT = r"<(?P<comment>!--[^<>]{0,2000}--|\?xml\s[^<>]{0,500}\?|!(?i:doctype)\s[^<>]{0,500})>"
"""Content that is for programs only."""
_TAG = re.compile(TAG)

_ALWAYS = frozenset({"speak", "break", "prosody", "say-as", "phoneme", "emphasis", "br", "hr"})
"""Tags that are recognized by their name alone, because nothing else is written like that in angle brackets."""

_EMPTY = frozenset({"img", "wbr", "mark", "audio", "p", "input", "source", "embed", "lexicon", "metadata"})
"""Tags that may stand alone if they end in ``/>``."""

_WITHIN_WORDS = frozenset(
    "a abbr acronym b bdi bdo big cite code del dfn em emphasis font i ins kbd label mark phoneme prosody q samp "
    "say-as small span strong sub sup tt u var wbr".split()
)
"""Tags that may be within a word. Others separate the words before and after them."""

_NAMES = (
    _ALWAYS | _EMPTY | _WITHIN_WORDS | frozenset("s w voice lang desc audio speak div li ul ol td th tr".split())
)
"""Tags that are also recognized without a partner if they close or have attributes: ``</p>``, ``<voice
name="x">``.
"""

_LEFT_OPEN = frozenset("p s w li td th tr dt dd".split())
"""Tags that are often not closed. They are recognized if there are several."""

_HIDING = frozenset({"script", "style"})
"""Tags whose content is for programs."""

_RESTS = {
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "pre"), Rest.PARAGRAPH),
    **dict.fromkeys(("div", "ul", "ol", "li", "tr", "dt", "dd", "section", "article"), Rest.SENTENCE),
    **dict.fromkeys(("br", "td", "th"), Rest.CLAUSE),
    "hr": Rest.SECTION,
}


class Tags(NamedTuple):
    """The tags of a text: an edit for each, by its start, and their names for messages."""

    edits: dict[int, Edit]
    names: tuple[str, ...]


NO_TAGS = Tags({}, ())


def find_tags(text: str) -> Tags:
    """What is certainly a tag: one of a pair, one whose name has no other use, or one with attributes.

    ``a <b and c> d`` contains none.
    """
    if "<" not in text:
        return NO_TAGS
    found = list(_TAG.finditer(text))
    if not found:
        return NO_TAGS
    opening = {_name(tag) for tag in found if not tag["closes"]}
    closing = {_name(tag) for tag in found if tag["closes"]}
    paired = opening & closing
    paired |= {name for name, times in Counter(map(_name, found)).items() if times > 1 and name in _LEFT_OPEN}
    edits: dict[int, Edit] = {}
    names: dict[str, None] = {}
    past = 0
    for tag in found:
        if tag.start() >= past and _is_tag(tag, paired):
            edits[tag.start()] = edit = _edit(text, tag)
            names[f"<{_name(tag)}>"] = None
            past = edit.end
    return Tags(edits, tuple(names))


def _name(tag: re.Match[str]) -> str:
    return tag["tag"].lower()


def _is_tag(tag: re.Match[str], paired: set[str]) -> bool:
    name = _name(tag)
    says_more = bool(tag["closes"]) or "=" in tag.group()
    known = name in _ALWAYS or (name in _EMPTY and bool(tag["empty"])) or name == "img"
    return known or name in paired or (says_more and name in _NAMES)


def _edit(text: str, tag: re.Match[str]) -> Edit:
    name = _name(tag)
    end = tag.end()
    if name in _HIDING and not tag["closes"]:
        close = text.find(f"</{tag['tag']}", end)
        end = close if close >= 0 else len(text)
    rest = _RESTS.get(name, Rest.NONE)
    return Edit(tag.start(), end, "" if rest or name in _WITHIN_WORDS else " ", rest)
