"""Requests of Google's as a fuzzer makes them: whole ones, ones that are almost right, and bytes."""

from __future__ import annotations

import json
from typing import Any

from google.cloud import texttospeech_v1 as google
from google.protobuf.json_format import Error, ParseDict
from hypothesis import strategies as st

_LONG = st.integers(4990, 6000).map(lambda count: "a" * count)
_TEXTS = (
    st.sampled_from(
        ["Hello.", "你好,旅人。歡迎。", "", " ", "…", "\x00", "\ud800", "3.14? No; 2.71!", "🙂", "e\u0301"]
    )
    | st.text(max_size=60)
    | _LONG
)
_SSML = (
    st.sampled_from(
        [
            "<speak>Hello <break time='1s'/> there</speak>",
            "<speak><prosody rate='-400%' pitch='x'>Hi</prosody></speak>",
            "<speak>" * 30,
            "<!DOCTYPE a [<!ENTITY b 'c'>]><speak>&b;</speak>",
            "<speak><say-as interpret-as='date'>1/2/3</say-as><sub alias='x'>y</sub></speak>",
        ]
    )
    | _TEXTS
)
_MARKUP = st.sampled_from(["Well [pause long] then.", "[pause]", "[pause short" * 9]) | _TEXTS
_NUMBERS = st.sampled_from([0, 1, 2, -1, 0.25, 1e308, -1e308, 2**31 - 1, 24_000, 8000]) | st.floats(width=32)
_LANGUAGES = st.sampled_from(["en-US", "cmn-TW", "zh-TW", "", "xx", "en_US", "-", "a" * 99])
_NAMES = st.sampled_from(["", "en-US", "pip_boy", "alloy", "ghoul", "cmn-TW-Wavenet-B", "Kore"]) | st.text(
    max_size=9
)
_ENCODINGS = st.sampled_from(["LINEAR16", "MP3", "OGG_OPUS", "MULAW", "ALAW", "PCM", "M4A"]) | st.integers(-9, 99)

_SOURCES = st.one_of(
    st.fixed_dictionaries({"text": _TEXTS}),
    st.fixed_dictionaries({"ssml": _SSML}),
    st.fixed_dictionaries({"markup": _MARKUP}),
)
_PRONUNCIATIONS = st.fixed_dictionaries(
    {
        "pronunciations": st.lists(
            st.fixed_dictionaries(
                {},
                optional={"phrase": _TEXTS, "phoneticEncoding": st.integers(-1, 6), "pronunciation": _TEXTS},
            ),
            max_size=3,
        )
    }
)
_INPUTS = st.builds(
    lambda source, more: source | more,
    _SOURCES,
    st.fixed_dictionaries({}, optional={"prompt": _TEXTS, "customPronunciations": _PRONUNCIATIONS}),
)
_VOICES = st.fixed_dictionaries(
    {},
    optional={
        "languageCode": _LANGUAGES,
        "name": _NAMES,
        "ssmlGender": st.integers(-1, 5),
        "modelName": _NAMES,
        "customVoice": st.just({}),
    },
)
_AUDIO = st.fixed_dictionaries(
    {"audioEncoding": _ENCODINGS},
    optional={
        "speakingRate": _NUMBERS,
        "pitch": _NUMBERS,
        "volumeGainDb": _NUMBERS,
        "sampleRateHertz": st.sampled_from([0, 1, -1, 8000, 22_050, 24_000, 48_000, 2**31 - 1]),
        "effectsProfileId": st.lists(_TEXTS, max_size=3),
    },
)
_USABLE = st.fixed_dictionaries(
    {
        "input": st.fixed_dictionaries({"text": st.sampled_from(["Hello.", "你好。", "Well, well."])}),
        "voice": st.just({"languageCode": ""}),
        "audioConfig": st.fixed_dictionaries(
            {"audioEncoding": st.sampled_from(["LINEAR16", "MP3", "OGG_OPUS", "MULAW", "PCM"])}
        ),
    }
)
_REQUESTS = (
    st.fixed_dictionaries({}, optional={"input": _INPUTS, "voice": _VOICES, "audioConfig": _AUDIO}) | _USABLE
)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
_PLACES = st.sampled_from(
    ["input", "voice", "audioConfig", "audio_config", "enableTimePointing", "advancedVoiceOptions"]
)


def _dumped(tree: Any) -> bytes:
    return json.dumps(tree).encode()


_ODD_JSON = st.builds(lambda request, place, value: request | {place: value}, _REQUESTS, _PLACES, _JSON)


@st.composite
def mutated(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Cut off, with a part of it overwritten, doubled or left out; often none of it."""
    data = draw(whole)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 8)))
        middle = draw(st.sampled_from([b"", data[start:end] * 2]) | st.binary(max_size=4))
        data = data[:start] + middle + data[end:]
    return data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data


def _message(kind: Any, tree: Any) -> bytes:
    """As protobuf; what it cannot hold is left out."""
    message = kind.pb()()
    for field, value in tree.items():
        try:
            ParseDict({field: value}, message, ignore_unknown_fields=True)
        except (Error, ValueError, TypeError):
            continue
    data: bytes = message.SerializeToString()
    return data


json_bodies = mutated(_REQUESTS.map(_dumped) | _ODD_JSON.map(_dumped)) | st.binary(max_size=200)
protobufs = mutated(_REQUESTS.map(lambda tree: _message(google.SynthesizeSpeechRequest, tree))) | st.binary(
    max_size=200
)

_CONFIGS = st.fixed_dictionaries({"voice": _VOICES, "streamingAudioConfig": _AUDIO}) | st.just(
    {"voice": {"languageCode": "en-US"}}
)
_STREAM_INPUTS = st.fixed_dictionaries({"text": _TEXTS}) | st.fixed_dictionaries({"markup": _MARKUP})


def _streamed(tree: Any) -> bytes:
    return _message(google.StreamingSynthesizeRequest, tree)


_OPENINGS = _CONFIGS.map(lambda config: _streamed({"streamingConfig": config}))
_SAID = _STREAM_INPUTS.map(lambda given: _streamed({"input": given}))
_FIRST = mutated(_OPENINGS) | _OPENINGS
_OTHERS = st.lists(_SAID | mutated(_SAID) | _OPENINGS, max_size=4)


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """The messages of a stream; not written as one strategy, whose description would be longer than this file."""
    return [draw(_FIRST), *draw(_OTHERS)]
