"""Splits a Chinese text into parts that are read alike: characters, Latin words, and pauses.

Nothing is lost: anything that is neither a character nor a letter becomes words or a pause, or is known to be
silent.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from segue.speech.core.text.mandarin.numerals import with_numerals
from segue.speech.core.text.scripts import script_of


class PartKind(StrEnum):
    """The content of a part."""

    HAN = "han"
    LATIN = "latin"
    BOPOMOFO = "bopomofo"
    MARK = "mark"


class TextPart(NamedTuple):
    """For a mark, ``text`` is the sign that represents its kind, one of ``,.?!:;…—``."""

    kind: PartKind
    text: str


_SIGNS = {
    "%": "百分比",
    "％": "百分比",
    "‰": "千分比",
    "°": "度",
    "℃": "度",
    "℉": "華氏度",
    "+": "加",
    "＋": "加",
    "=": "等於",
    "＝": "等於",
    "×": "乘",
    "÷": "除以",
    "±": "正負",
    "√": "根號",
    "∞": "無限大",
    "≈": "約等於",
    "≠": "不等於",
    "≤": "小於等於",
    "≥": "大於等於",
    "<": "小於",
    ">": "大於",
    "^": "次方",
    "−": "減",
    "&": "和",
    "＆": "和",
    "@": "小老鼠",
    "#": "井號",
    "*": "星號",
    "_": "底線",
    "/": "斜線",
    "\\": "反斜線",
    "$": "元",
    "€": "歐元",
    "£": "英鎊",
    "¥": "圓",
    "₩": "韓元",
    "₹": "盧比",
    "₽": "盧布",
    "₿": "比特幣",
    "¢": "分",
    "§": "節",
    "½": "二分之一",
    "⅓": "三分之一",
    "⅔": "三分之二",
    "¼": "四分之一",
    "¾": "四分之三",
    "²": "平方",
    "³": "立方",
    "№": "第",
    "→": "到",
    "←": "左箭號",
    "′": "分",
    "″": "秒",
    "™": "商標",
    "®": "註冊商標",
    "©": "版權",
}
_MARKS = {
    **dict.fromkeys("，,、", ","),
    **dict.fromkeys("。.．", "."),
    **dict.fromkeys("？?", "?"),
    **dict.fromkeys("！!", "!"),
    **dict.fromkeys("：:", ":"),
    **dict.fromkeys("；;", ";"),
    **dict.fromkeys("…⋯", "…"),
    **dict.fromkeys("—–―─", "—"),
    **dict.fromkeys("（）()［］[]【】〔〕「」『』《》〈〉~～〜\n", ","),
}
_KINDS = {"Hani": PartKind.HAN, "Latn": PartKind.LATIN, "Bopo": PartKind.BOPOMOFO}
_BETWEEN_LETTERS = re.compile(r"(?<=[A-Za-z0-9])\.(?=[A-Za-z0-9])")
_PIECE = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]{1,100}(?:['’][A-Za-z]+)*|\s[-－]\s|.", re.DOTALL)
"""A longer word is split, because eSpeak NG, which reads these words, drops everything after 130 letters."""
_DASH = " - "
_BOPOMOFO_TONES = frozenset("ˊˇˋ˙")


def parts(text: str) -> list[TextPart]:
    """The parts in text order. Neighbours of one kind are merged, except for Latin words."""
    said = _BETWEEN_LETTERS.sub("點", with_numerals(text))
    found: list[TextPart] = []
    for piece in _PIECE.findall(said):
        part = _part(piece)
        if part is not None:
            _put(found, part)
    return found


def _part(piece: str) -> TextPart | None:
    if piece in _MARKS or _is_dash(piece):
        return TextPart(PartKind.MARK, _MARKS.get(piece, ","))
    if piece in _SIGNS:
        return TextPart(PartKind.HAN, _SIGNS[piece])
    kind = PartKind.BOPOMOFO if piece in _BOPOMOFO_TONES else _KINDS.get(script_of(piece[0]))
    return _other(piece) if kind is None else TextPart(kind, piece)


def _is_dash(piece: str) -> bool:
    """Whether this is a dash with spaces around it. Other dashes join what is on both sides."""
    return len(piece) == len(_DASH) and piece[0].isspace()


def _other(sign: str) -> TextPart | None:
    """A sign of another script: a number or letter in plain form, else silent."""
    plain = unicodedata.normalize("NFKC", sign)
    if plain in _SIGNS:
        return TextPart(PartKind.HAN, _SIGNS[plain])
    if sign.isnumeric() and plain.isascii():
        return TextPart(PartKind.HAN, with_numerals(plain))
    if plain != sign and plain.isascii() and plain.isalpha():
        return TextPart(PartKind.LATIN, plain)
    return None


def _put(found: list[TextPart], part: TextPart) -> None:
    last = found[-1] if found else None
    if last is None or last.kind is not part.kind or part.kind is PartKind.LATIN:
        found.append(part)
    elif part.kind is PartKind.MARK:
        if _weight(part.text) > _weight(last.text):
            found[-1] = part
    else:
        found[-1] = TextPart(part.kind, last.text + part.text)


def _weight(mark: str) -> int:
    """The priority of a mark. Of adjacent marks, the one with the longest pause is kept."""
    return ",:;—….!?".index(mark)
