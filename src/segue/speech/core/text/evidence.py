"""Decides whether a text is certainly Markdown. A missed mark is read aloud; a wrong guess loses words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class _Sign(NamedTuple):
    """``within`` is contained in every text in which ``pattern`` finds anything. ``proves`` checks the match."""

    within: str
    pattern: re.Pattern[str]
    proves: Callable[[str], bool] = bool


def _has_letter(found: str) -> bool:
    return any(sign.isalpha() for sign in found)


def _is_no_name(found: str) -> bool:
    """Whether it is words or Chinese, because names in programs look like ``__init__``."""
    return " " in found or _IDEOGRAPH.search(found) is not None


_IDEOGRAPHS = r"\u3040-\u30ff\u3400-\u9fff"
_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHS}]")

_SIGNS = (
    # **bold**, not 2**3, f**k or ** alone.
    _Sign("**", re.compile(r"(?<![A-Za-z0-9*])\*{2,3}(?=[^\s*])[^*\n]{1,500}(?<=[^\s*])\*{2,3}(?![A-Za-z0-9*])")),
    # ## Heading; one with a single sign only in the first line, or followed by a blank line
    _Sign("## ", re.compile(r"(?m)^[ \t>]{0,9}#{2,6}[ \t]{1,9}[^\s#]")),
    _Sign("# ", re.compile(r"\A[ \t]{0,3}#[ ](?![a-z])[^\W\d_][^\n]{0,200}\r?\n")),
    _Sign("# ", re.compile(r"(?m)^#[ ][^\s#\d][^\n]{0,200}\n[ \t\r]{0,99}\n")),
    # [text](address), ![text](address), a list of addresses, the mark of a footnote
    _Sign(
        "](",
        re.compile(r"\[[^\[\]\n]{0,300}\]\([ ]?<?(?:[a-z]{2,10}:[^\s\d]|www\.|[/#]\w|\.{1,2}/)"),
    ),
    # ![text](file)
    _Sign("](", re.compile(r"!\[[^\[\]\n]{0,300}\]\((?=[^()\s]{0,500}[./:])[^()\s]{1,500}\)")),
    _Sign("]: ", re.compile(r"(?m)^\[[^\[\]\n]{1,100}\]:[ ]{1,9}<?(?:https?:|/|#)")),
    _Sign("[^", re.compile(r"\[\^[^\[\]\s]{1,40}\]")),
    # `code`, and blocks of code
    _Sign("`", re.compile(r"(?<![`A-Za-z0-9])`[^`\n]{1,200}`(?![`A-Za-z0-9])")),
    _Sign("```", re.compile(r"(?m)^[ \t>]{0,12}```[\w+#.-]{0,30}[ \t\r]{0,9}$")),
    # tables: the line below the names of the columns
    _Sign("|", re.compile(r"(?m)^[ \t>]{0,9}\|?[ \t]{0,9}:?-{2,99}:?[ \t]{0,9}\|[-:| \t\r]{0,999}$")),
    # > Quoted words, not > 5
    _Sign("> ", re.compile(r"(?m)^>[ ]{1,3}(?=[^\W\d_]|[*_\[`\"“「])")),
    # - [ ] a task
    _Sign("] ", re.compile(r"(?m)^[ \t]{0,12}[-*+][ ]\[[ xX]\][ ]\S")),
    # two items with asterisks, one after the other
    _Sign(
        "* ",
        re.compile(
            r"(?m)^[ \t]{0,8}\*[ ]{1,3}[^\W\d_][^\n]{0,2000}\n(?:[ \t\r]{0,99}\n)?[ \t]{0,8}\*[ ]{1,3}[^\W\d_]"
        ),
    ),
    # *word*, _word_, ~~word~~ and __two words__, between spaces and punctuation
    _Sign(
        "*",
        re.compile(r"(?<![\w*])\*(?=[\w\"'“‘「])[^*\n]{1,300}(?<=[\w.,!?;:\"'”’」)。，！？…])\*(?![\w*])"),
        _has_letter,
    ),
    # *重點*, without spaces around it
    _Sign(
        "*",
        re.compile(
            rf"(?<![A-Za-z0-9*])\*(?=[{_IDEOGRAPHS}])[^*\n]{{1,100}}(?<=[{_IDEOGRAPHS}。！？，：])\*(?![A-Za-z0-9*])"
        ),
    ),
    _Sign("_", re.compile(r"(?<![\w\\])_(?=[^\W_])[^_\n]{1,300}(?<=[^\s_])_(?!\w)"), _has_letter),
    _Sign("~~", re.compile(r"(?<![\w~])~~(?=[^\s~])[^~\n]{1,300}(?<=[^\s~])~~(?![\w~])")),
    _Sign("__", re.compile(r"(?<!\w)__(?=[^\s_])[^_\n]{1,500}(?<=[^\s_])__(?!\w)"), _is_no_name),
)

_ANY = re.compile(r"[*_`~#\[|>]")


def is_markdown(text: str) -> bool:
    """Whether one of its marks can only be Markdown. Takes time linear in the text's length."""
    if _ANY.search(text) is None:
        return False
    return any(
        sign.proves(found.group())
        for sign in _SIGNS
        if sign.within in text
        for found in sign.pattern.finditer(text)
    )
