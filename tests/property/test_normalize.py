"""What holds of every text, or of its refusal."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

from hypothesis import assume, example, given
from hypothesis import strategies as st

from segue.kernel.errors import InvalidRequest
from segue.speech.core.text.normalize import MAX_TEXT_CHARS, normalize
from segue.speech.core.text.pace import plausible_duration
from segue.speech.core.text.scripts import scripts_of

_TRICKY = "e\u0301\u200b\u00ad \n\u3000\ufb2c\u1100\u1161\u0344\u3164字1_Ａ５．－①Ⅳ⅛＜\u0338\u212a\u0374ﬁ"
texts = (
    st.text(max_size=60)
    | st.text(st.sampled_from(_TRICKY), max_size=12)
    | st.text(st.characters(max_codepoint=0x2100), max_size=60)
)


@given(texts)
@example("e\u200b\u0301")
@example("\u1100\u200b\u1161")
def test_normalizing_twice_changes_nothing_more(text: str) -> None:
    cleaned = cleaned_or_skipped(text)

    assert normalize(cleaned) == cleaned


@given(texts)
def test_what_comes_out_is_composed_single_spaced_and_within_the_limit(text: str) -> None:
    cleaned = cleaned_or_skipped(text)

    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == " ".join(cleaned.split())
    assert len(cleaned) <= MAX_TEXT_CHARS


@given(st.text(st.characters(), max_size=60))
def test_any_string_at_all_is_cleaned_or_refused(text: str) -> None:
    with suppress(InvalidRequest):
        assert isinstance(normalize(text).encode(), bytes)


@given(texts, st.floats(0.25, 4.0))
def test_every_text_has_scripts_and_bounds_in_order(text: str, rate_ratio: float) -> None:
    cleaned = cleaned_or_skipped(text)

    bounds = plausible_duration(cleaned, rate_ratio)

    assert isinstance(scripts_of(cleaned), frozenset)
    assert 0 < bounds.shortest_s < bounds.usual_s
    assert bounds.shortest_s < bounds.longest_s


@given(texts)
def test_a_text_said_twice_may_take_longer_and_never_less(text: str) -> None:
    once = plausible_duration(cleaned_or_skipped(text))
    twice = plausible_duration(normalize(f"{text} {text}"))

    assert all(longer >= shorter for longer, shorter in zip(twice, once, strict=True))


def cleaned_or_skipped(text: str) -> str:
    try:
        return normalize(text)
    except InvalidRequest:
        assume(False)
        raise
