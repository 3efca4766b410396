"""Values for hypothesis to draw, few enough of each kind that equal ones meet."""

from __future__ import annotations

from hypothesis import strategies as st

from segue.speech.core.speech import (
    AudioFormat,
    Container,
    Manner,
    PhoneticAlphabet,
    Pronunciation,
    ResolvedRequest,
)

_NAMES = st.sampled_from(["", "a", "b", "ab", "1:a", "0:", "3:a1:", "語音"]) | st.text(max_size=4)
_NUMBERS = st.sampled_from([0.0, -0.0, 0, 1, 1.0, 0.1, 0.30000000000000004, 0.3, -4.0]) | st.floats(
    allow_nan=False, allow_infinity=False
)

audio_formats = st.builds(
    AudioFormat,
    st.sampled_from(Container),
    st.sampled_from([None, 8000, 24_000, 48_000]),
    st.sampled_from([None, 8000, 64_000]),
)
pronunciations = st.lists(
    st.builds(Pronunciation, _NAMES, _NAMES, st.sampled_from(PhoneticAlphabet)), max_size=3
).map(tuple)
manners = st.builds(
    Manner,
    engine=_NAMES,
    engine_version=_NAMES,
    voice=_NAMES,
    language=_NAMES,
    audio_format=audio_formats,
    rate_ratio=_NUMBERS,
    pitch_semitones=_NUMBERS,
    volume_ratio=_NUMBERS,
    pronunciations=pronunciations,
)
resolved_requests = st.builds(ResolvedRequest, manners, _NAMES)
