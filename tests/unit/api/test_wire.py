"""Bodies are read as clients write them; what is wrong with one is said in plain words."""

from __future__ import annotations

from typing import TypeVar

import msgspec
import pytest

from segue.api.elevenlabs.wire import ElevenLabsSpeechBody
from segue.api.native.wire import SynthesizeBody, VoiceControls
from segue.api.wire import decoded, unknown_fields
from segue.kernel.errors import InvalidRequest

T = TypeVar("T")
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
    assert complaint(b'{"text": "' + start) == "the body is not valid JSON: it ends too early"


def test_a_whole_pair_is_a_character() -> None:
    body = decoded(DECODER, rb'{"text": "\ud83d\ude00", "character_key": "pip_boy"}')

    assert body.text == "\U0001f600"


def read(kind: type[T], **fields: object) -> T:
    return decoded(msgspec.json.Decoder(kind), msgspec.json.encode(fields))


def native(**fields: object) -> SynthesizeBody:
    return read(SynthesizeBody, **{"text": "Hello.", "character_key": "pip_boy"} | fields)


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b""), ("utf-32-le", b"\xff\xfe\0\0")],
)
def test_a_mark_of_byte_order_and_other_unicode_encodings_are_read(encoding: str, mark: bytes) -> None:
    body = mark + '{"text": "Café 廢土 🙂", "character_key": "pip_boy", "x": 1}'.encode(encoding)

    assert decoded(DECODER, body).text == "Café 廢土 🙂"
    assert unknown_fields(SynthesizeBody, body) == ["x"]


def test_latin_1_is_told_to_be_no_utf_8_and_where() -> None:
    body = '{"text": "Café"}'.encode("latin-1")

    assert complaint(body) == "the body is not UTF-8 (byte 13); send JSON in UTF-8, whatever charset says"


def test_null_is_a_field_that_is_left_out() -> None:
    body = native(cache_enabled=None, return_format=None, audio_format=None, voice_controls=None, language=None)
    controls = native(voice_controls={"pitch": None, "rate": 1.5, "pauses": None}).voice_controls

    assert body == native()
    assert controls == VoiceControls(rate=1.5)


@pytest.mark.parametrize(
    ("written", "number"),
    [("1.2", 1.2), (" 2 ", 2.0), ("+1.5", 1.5), ("5e-1", 0.5), ("1.", 1.0), ("03", 3.0)],
)
def test_a_number_may_be_written_as_a_text(written: str, number: float) -> None:
    controls = native(voice_controls={"rate": written}).voice_controls

    assert controls is not None
    assert controls.rate == number


@pytest.mark.parametrize(
    "written", ["fast", "1,2", "nan", "inf", "0x1", "１", "1_0", " ", "-", "1" * 100, "9", True]
)
def test_what_is_no_number_or_out_of_range_is_refused(written: object) -> None:
    told = complaint(msgspec.json.encode({"text": "a", "character_key": "b", "voice_controls": {"rate": written}}))

    assert told.startswith("voice_controls.rate must be a number from 0.25 to 4, not ")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *((word, False) for word in ("false", "False", "0", "no", "OFF", 0)),
        ("true", True),
        (" TRUE ", True),
        (1, True),
    ],
)
def test_a_truth_value_may_be_written_as_a_text(written: object, value: bool) -> None:
    assert native(cache_enabled=written).cache_enabled is value


def test_words_of_enumerations_are_known_in_any_case() -> None:
    body = native(audio_format="WAV", return_format="Base64", text_type=" SSML", text_format="Markdown")

    assert body == native(audio_format="wav", return_format="base64", text_type="ssml", text_format="markdown")


def test_numbers_are_names_and_no_texts() -> None:
    assert native(user_id=123, session_id=7).user_id == "123"
    assert complaint(b'{"text": 7, "character_key": "a"}').startswith("text must be a string")


def test_what_needs_a_mend_inside_a_list_is_mended() -> None:
    pauses = [{"position": "3", "duration": None}, {"position": 4}]
    controls = native(voice_controls={"pauses": pauses}).voice_controls

    assert controls is not None
    assert [(pause.position, pause.duration) for pause in controls.pauses] == [(3, "medium"), (4, "medium")]


def test_an_empty_text_where_none_belongs_is_a_field_that_is_left_out() -> None:
    assert native(cache_enabled="", audio_format="", voice_controls="", user_id="") == native(user_id="")


def test_a_text_that_looks_like_a_number_stays_one_where_texts_may_stand() -> None:
    effects = read(ElevenLabsSpeechBody, text="7", audio_effects={"a": "1.5", "b": 2, "c": None}).audio_effects

    assert effects == {"a": "1.5", "b": 2, "c": None}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "text is missing: send a string of 1 to 5000 characters"),
        ({"text": None}, "text is missing: send a string of 1 to 5000 characters"),
        ({"text": "a"}, "character_key is missing: send a string of 1 to 128 characters"),
        ({"text": ""}, "text is empty: send a string of 1 to 5000 characters"),
        ({"text": "a" * 5001}, "text must be a string of 1 to 5000 characters, not a string of 5001"),
        (
            {"audio_format": "aiff"},
            "audio_format must be one of wav, mp3, opus, flac, pcm, aac, alaw, mulaw, not 'aiff'",
        ),
        ({"voice_controls": []}, "voice_controls must be a JSON object, not a list of 0"),
        ({"voice_controls": "secret"}, "voice_controls must be a JSON object, not a string"),
        (
            {"voice_controls": {"pauses": [{"position": 1}, {"position": -1}]}},
            "voice_controls.pauses[1].position must be a whole number from 0 to 100000, not -1",
        ),
        (
            {"voice_controls": {"pauses": [{}]}},
            "voice_controls.pauses[0].position is missing: send a whole number from 0 to 100000",
        ),
        ({"voice_controls": {"pauses": [7]}}, "voice_controls.pauses[0] must be a JSON object, not 7"),
        ({"language": "German!"}, "language must be a language tag, such as en-US or zh-TW, not 'German!'"),
        ({"user_id": {"a": 1}}, "user_id must be a string of at most 256 characters, not an object"),
        (
            {"custom_pronunciations": [{"phrase": "a", "pronunciation": "b"}] * 101},
            "custom_pronunciations must be a list of at most 100 items, not a list of 101",
        ),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(body: dict[str, object], told: str) -> None:
    whole = body if "text" in body or not body else {"text": "a", "character_key": "b"} | body
    with pytest.raises(InvalidRequest) as refused:
        decoded(DECODER, msgspec.json.encode(whole))

    assert str(refused.value) == told
    assert refused.value.field == told.split(maxsplit=1)[0]


def test_what_an_object_may_hold_under_any_name_is_said() -> None:
    with pytest.raises(InvalidRequest, match="audio_effects must have a string or a number for each of its keys"):
        read(ElevenLabsSpeechBody, text="a", audio_effects={"a": []})


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"7", b"null"])
def test_a_body_that_is_no_object_has_no_field_to_point_at(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="the body must be a JSON object") as refused:
        decoded(DECODER, body)
    assert refused.value.field is None
