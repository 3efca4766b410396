"""How the time of a piece of work grows with what it is given; and texts made to make it grow."""

from __future__ import annotations

import gc
import time
from itertools import cycle, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TIMES = 4
_GROWS_AT_MOST = 8.0
"""Work that is linear grows fourfold, work that is quadratic sixteenfold."""

_UNNOTICED_S = 0.06
_LOOKS = 3

HOSTILE = (
    *(
        "a",
        "A",
        "é",
        "e\u0301",
        "\u0301\u0323",
        "字",
        "ァ",
        "ㄱ",
        "\u1161",
        "\u11a8",
        "ก",
        "\u09be",
        "א",
        "7",
        "７",
    ),
    *(
        ".",
        "．",
        "－",
        ",",
        "。",
        "…",
        "–",
        "!",
        "?",
        '"',
        "“",
        "»",
        ")",
        "(",
        "（",
        "[",
        "]",
        "/",
        "\\",
        "'",
        "_",
        "%",
    ),
    *(" ", "\u00a0", "\n", "\u200b", "\u00ad", "🇹", "👍🏽", "\u200d", "①", "Ⅳ", "½", "ﬁ", "\U000e0041", "☀", "K"),
    *(
        "a.",
        "a．",
        "．a",
        "1,",
        "1．",
        "7 ",
        "a ",
        " .",
        '".',
        '."',
        '!"',
        ".)",
        ").",
        "a\u0301\u0323",
        "字丁",
        "字a",
    ),
    *(
        "://",
        "a://b",
        "://)",
        "://.",
        "[pause",
        "[pause]",
        "<break ",
        '<break time="1s"',
        "/ ",
        "Dr. ",
        "A.B.",
        "§ 1. ",
    ),
    *(
        "a" * 40 + " ",
        "1" * 40 + "-",
        "\u0301" * 30 + "a",
        "LETTER ",
        "A -",
        "Σ1",
        "bearer ",
        "aa-AA-",
        "\\ud800",
        "ms",
    ),
    *(
        "*",
        "**a ",
        "*a* ",
        "_a_",
        "~~",
        "`",
        "``a`",
        "#",
        "# a\n",
        ">",
        "> a\n",
        "- a\n",
        "|",
        "|a\n|-\n",
        "a|b\n-|-\n",
        "---\n",
        "```\n",
        "~~~a\n",
        "[a](",
        "[a](/b",
        "![",
        "[a]: /b\n",
        "[^a",
        "&amp;",
        "&",
        "<a",
        "<a b=c",
        "<script>",
        "<!--",
        "</b><b>",
        "a\n\n",
        "\r\n",
    ),
)
"""What is repeated: single signs, pairs, beginnings without an end, runs just short of a limit."""


def repeated(chars: int, *parts: str) -> str:
    """Text of that many characters, the parts over and over."""
    whole = "".join(islice(cycle(parts), chars // max(1, min(map(len, parts))) + 1))
    return whole[:chars]


def assert_grows_linearly(work: Callable[[int], Callable[[], object]], chars: int) -> None:
    """``work(n)`` prepares what is then timed for texts of n characters, up to ``chars``.

    It is this thread's own time that counts, the least of several looks, so a machine that is busy with other
    things makes no difference.
    """
    large_s = _least_s(work(chars), 1)
    if large_s <= _UNNOTICED_S:
        return
    small_s = _least_s(work(chars // _TIMES), 1)
    if large_s > _GROWS_AT_MOST * small_s + _UNNOTICED_S:
        small_s = min(small_s, _least_s(work(chars // _TIMES), _LOOKS))
        large_s = min(large_s, _least_s(work(chars), _LOOKS))
    assert large_s <= _GROWS_AT_MOST * small_s + _UNNOTICED_S, (
        f"{small_s:.3f} s for {chars // _TIMES} characters, {large_s:.3f} s for {chars}"
    )


def _least_s(work: Callable[[], object], looks: int) -> float:
    collects = gc.isenabled()
    gc.disable()
    try:
        return min(_took_s(work) for _ in range(looks))
    finally:
        if collects:
            gc.enable()


def _took_s(work: Callable[[], object]) -> float:
    began_s = time.thread_time()
    work()
    return time.thread_time() - began_s
