"""Bodies that are no JSON are told apart from texts that no JSON can hold."""

from __future__ import annotations

import msgspec
import pytest

from segue.api.native.wire import SynthesizeBody
from segue.api.wire import decoded
from segue.core.errors import InvalidRequest

DECODER = msgspec.json.Decoder(SynthesizeBody)


def complaint(body: bytes) -> str:
    with pytest.raises(InvalidRequest) as refused:
        decoded(DECODER, body)
    return str(refused.value)


@pytest.mark.parametrize("half", [rb"\ud83d", rb"\uD83D", rb"\ude00", rb"\ud83d\u0041", rb"\\\\ \ud83d"])
@pytest.mark.parametrize("rest", [b"", b" x", b" and much more of it"])
@pytest.mark.parametrize("end", [b'"}', b'", "character_key": "pip_boy"}'])
def test_half_of_a_surrogate_pair_is_named(half: bytes, rest: bytes, end: bytes) -> None:
    assert "half of a surrogate pair" in complaint(b'{"text": "' + half + rest + end)


@pytest.mark.parametrize("start", [b"Hello", rb"\ud83d\ude00", rb"\\ud83d x", rb"\ud83d\u", b""])
def test_a_body_cut_short_is_no_json(start: bytes) -> None:
    assert complaint(b'{"text": "' + start) == "the body is not valid JSON: Input data was truncated"


def test_a_whole_pair_is_a_character() -> None:
    body = decoded(DECODER, rb'{"text": "\ud83d\ude00", "character_key": "pip_boy"}')

    assert body.text == "\U0001f600"
