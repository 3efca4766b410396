"""Splits tokens into calls of the model: a sentence, or less if it is long."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.engines.kokoro.symbols import MOST_SYMBOLS, NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SENTENCE_ENDS = frozenset(".!?…")
_PAUSES = frozenset(",;:—")
_USUAL_SYMBOLS = 240
"""A sentence up to this length is one call: about 12 s of audio."""
_FIRST_SYMBOLS = 60
"""If the first sentence is longer, the part before its first pause is a separate call, so that audio comes early.
"""
_FEWEST_FIRST_SYMBOLS = 12
"""With fewer symbols, the quality of the model is lower."""


class CutPiece(NamedTuple):
    """``pause_s`` is the silence after it, at the voice's own pace."""

    tokens: tuple[str, ...]
    pause_s: float


_AFTER_SENTENCE_S, _AFTER_CLAUSE_S, _WITHIN_S = 0.3, 0.15, 0.02


def pieces(tokens: Sequence[str]) -> Iterator[CutPiece]:
    """Every token that says anything is in exactly one piece, and no piece has more symbols than the model
    accepts.
    """
    is_first = True
    for sentence in _split(tokens, _SENTENCE_ENDS):
        for part in _parts(sentence, is_first=is_first):
            if any(_is_said(token) for token in part):
                is_first = False
                yield CutPiece(tuple(part), _pause_s(part[-1]))


def _is_said(token: str) -> bool:
    return any(symbol.isalpha() for symbol in token)


def _pause_s(last: str) -> float:
    if last in _SENTENCE_ENDS:
        return _AFTER_SENTENCE_S
    return _AFTER_CLAUSE_S if last in _PAUSES else _WITHIN_S


def _split(tokens: Sequence[str], ends: frozenset[str]) -> list[list[str]]:
    """Splits after each of ``ends``, and after tokens that follow it."""
    found: list[list[str]] = [[]]
    for token in tokens:
        if found[-1] and found[-1][-1] in ends and token not in ends:
            found.append([])
        found[-1].append(token)
    return found


def _size(tokens: Iterable[str]) -> int:
    return sum(symbol in NUMBERS for token in tokens for symbol in token)


def _parts(sentence: list[str], *, is_first: bool) -> list[list[str]]:
    size = _size(sentence)
    if size <= (_FIRST_SYMBOLS if is_first else _USUAL_SYMBOLS):
        return [sentence]
    found: list[list[str]] = []
    for clause in _split(sentence, _PAUSES):
        if found and _goes_on(found, clause, is_first=is_first):
            found[-1] += clause
        else:
            found.append(clause)
    return [short for part in found for short in _short_enough(part)]


def _goes_on(found: list[list[str]], clause: list[str], *, is_first: bool) -> bool:
    """Whether a clause is part of the same call as the text before it."""
    before = _size(found[-1])
    if is_first and len(found) == 1:
        return before < _FEWEST_FIRST_SYMBOLS
    return before + _size(clause) <= _USUAL_SYMBOLS


def _short_enough(part: list[str]) -> Iterator[list[str]]:
    """Splits a clause that is too long for the model between words, and a word that is too long inside it."""
    room: list[str] = []
    size = 0
    for token in chain.from_iterable(map(_short_tokens, part)):
        if room and size + _size((token,)) > MOST_SYMBOLS:
            yield room
            room, size = [], 0
        room.append(token)
        size += _size((token,))
    yield room


def _short_tokens(token: str) -> list[str]:
    return [token[at : at + MOST_SYMBOLS] for at in range(0, len(token), MOST_SYMBOLS)]
