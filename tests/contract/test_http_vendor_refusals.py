"""Refusals in each vendor's own words: of requests that its local server refuses by its rules, and of statuses and
bodies that the vendor is known to send.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from segue.kernel.errors import (
    BadAudio,
    InternalFailure,
    QuotaExhausted,
    SegueError,
    SentenceTooLong,
    Unavailable,
    Unsupported,
)
from segue.speech.core.speech import Pause, Pronunciation, Span
from support.azure_server import JENNY, words
from support.azure_server import refuse as azure
from support.elevenlabs_server import refuse as elevenlabs
from support.http_vendors import AZURE, ELEVENLABS, OPENAI, POLLY, Vendor, said, started
from support.openai_server import refuse as openai
from support.polly_server import refuse as polly
from support.vendor import Answer, Trouble, VendorServer, as_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.speech.engines.http.engine import HttpEngine

pytestmark = pytest.mark.usefixtures("signed_in")


class Asked(NamedTuple):
    """A request that is refused, by options of the engine or by what of the usual utterance is ``changed``."""

    name: str
    expected: type[SegueError]
    options: Mapping[str, object]
    changed: Mapping[str, Any]


class Told(NamedTuple):
    """A refusal as it comes."""

    name: str
    expected: type[SegueError]
    answer: Answer


_GLAD = {"style_degree": 2.0, "style": "cheerful"}
_UNLISTED: dict[str, object] = {"unlisted_voices": True}
ASKED: tuple[tuple[Vendor, tuple[Asked, ...]], ...] = (
    (
        OPENAI,
        (
            Asked("model", Unsupported, {"model": "tts-9"}, {}),
            Asked("voice", Unsupported, _UNLISTED, {"voice": "nobody"}),
            Asked("empty", Unsupported, {}, {"text": " "}),
            Asked("long", SentenceTooLong, {"max_input_chars": 9000}, {"text": "word " * 1000}),
            Asked("speed", Unsupported, {"max_speed": 9}, {"rate_ratio": 8.0}),
            Asked("no_key", Unavailable, {"key_env": ""}, {}),
        ),
    ),
    (
        ELEVENLABS,
        (
            Asked("model", Unsupported, {"model": "eleven_v9"}, {}),
            Asked("voice", Unsupported, _UNLISTED, {"voice": "nobody"}),
            Asked("empty", Unsupported, {}, {"text": " "}),
            Asked("long", SentenceTooLong, {"max_input_chars": 90_000}, {"text": "word " * 2001}),
            Asked("speed", Unsupported, {}, {"rate_ratio": 2.0}),
            Asked("plan", Unsupported, {"sample_rate_hz": 44_100}, {}),
            Asked("no_key", Unavailable, {"key_env": ""}, {}),
        ),
    ),
    (
        AZURE,
        (
            Asked("voice", Unsupported, _UNLISTED, {"voice": "en-US-GhostNeural"}),
            Asked("rate", Unsupported, {}, {"rate_ratio": 3.0}),
            Asked("pause", Unsupported, {}, {"pauses": (Pause(4, 20_001),)}),
            Asked("phonemes", Unsupported, {}, {"pronunciations": (Pronunciation("morning", "M0!"),)}),
            Asked("silent", BadAudio, {"voices": {JENNY: _GLAD}}, {"text": " "}),
            Asked("no_key", Unavailable, {"key_env": ""}, {}),
            Asked("no_token", Unavailable, {"bearer": True}, {}),
        ),
    ),
    (
        POLLY,
        (
            Asked("voice", Unsupported, _UNLISTED, {"voice": "Nobody"}),
            Asked("lexicon", Unsupported, {"lexicons": ["missing"]}, {}),
            Asked("rate", Unsupported, {}, {"rate_ratio": 3.0}),
            Asked("pause", Unsupported, {}, {"pauses": (Pause(4, 10_001),)}),
            Asked("say_as", Unsupported, {}, {"spans": (Span(0, 4, say_as="date"),)}),
        ),
    ),
)

_TOKENS = "Input of 2132 tokens is over the maximum input limit of 2000 tokens."
_NODE = "Node [speak] with type [RootSpeak] should not contain node [prosody]"
_REPLENISHED = "Out of call volume quota. Quota will be replenished in 2.12 days."
TOLD: tuple[tuple[Vendor, tuple[Told, ...]], ...] = (
    (
        OPENAI,
        (
            Told("voice", Unsupported, as_json({"detail": [{"loc": ["body", "voice"], "msg": "bad"}]}, 422)),
            Told(
                "long", SentenceTooLong, as_json({"detail": [{"loc": ["input"], "type": "string_too_long"}]}, 422)
            ),
            Told("tokens", SentenceTooLong, openai(400, _TOKENS, None, "invalid_value")),
            Told("money", QuotaExhausted, openai(429, "You have no money", None, "insufficient_quota")),
            Told("rate", QuotaExhausted, openai(429, "slow down", None, "rate_limit_exceeded")),
            Told("credits", QuotaExhausted, openai(402, "no credits")),
            Told("country", Unavailable, openai(403, "country")),
            Told("broken", InternalFailure, openai(500, "oops")),
            Told("words", InternalFailure, as_json({"error": "plain words"}, 500)),
            Told("bytes", Unsupported, Answer(400, b"\xff\xfe")),
            Told("list", Unsupported, as_json([1, 2], 400)),
        ),
    ),
    (
        ELEVENLABS,
        (
            Told("concurrent", QuotaExhausted, elevenlabs(429, "too_many_concurrent_requests", "at most 5")),
            Told("busy", Unavailable, elevenlabs(429, "system_busy")),
            Told("spent", QuotaExhausted, elevenlabs(401, "quota_exceeded", "no credits left")),
            Told("unusual", Unavailable, elevenlabs(401, "detected_unusual_activity")),
            Told("permissions", Unavailable, elevenlabs(403, "missing_permissions")),
            Told("code", Unsupported, as_json({"detail": {"type": "x", "code": "voice_not_found"}}, 404)),
            Told("words", Unsupported, as_json({"detail": "Not Found"}, 404)),
            Told("broken", InternalFailure, elevenlabs(500, "internal_server_error")),
            Told("none", Unsupported, as_json({"detail": []}, 422)),
            Told("odd", Unsupported, as_json({"detail": [3]}, 422)),
        ),
    ),
    (
        AZURE,
        (
            Told("region", Unsupported, words(400, "Voice en-US-X is not supported in this region")),
            Told("large", SentenceTooLong, words(400, "The request body is too large")),
            Told("key", Unavailable, azure(401, "Access denied")),
            Told("spent", QuotaExhausted, azure(403, _REPLENISHED)),
            Told("disabled", Unavailable, azure(403, "Public access is disabled.")),
            Told("media", Unsupported, Answer(415, b"")),
            Told("rate", QuotaExhausted, azure(429, "Rate limit is exceeded. Try again in 1 seconds.")),
            Told("node", Unsupported, words(500, _NODE)),
            Told("text", Unsupported, as_json({"error": "plain"}, 400)),
            Told("odd", Unsupported, as_json({"error": {"message": 3}}, 400)),
        ),
    ),
    (
        POLLY,
        (
            Told("throttled", QuotaExhausted, polly(400, "ThrottlingException", "Rate exceeded")),
            Told(
                "throttled_body", QuotaExhausted, as_json({"__type": "com.amazon.coral#ThrottlingException"}, 400)
            ),
            Told("spent", QuotaExhausted, polly(402, "ServiceQuotaExceededException")),
            Told("long", SentenceTooLong, polly(400, "TextLengthExceededException")),
            Told("ssml", Unsupported, polly(400, "InvalidSsmlException")),
            Told("engine", Unsupported, polly(400, "EngineNotSupportedException")),
            Told("language", Unsupported, polly(400, "LanguageNotSupportedException")),
            Told("custom", Unsupported, polly(404, "ResourceNotFoundException")),
            Told("voice", Unsupported, polly(400, "ValidationException", "Value 'X' at 'voiceId' failed")),
            Told("client", Unavailable, polly(403, "UnrecognizedClientException")),
            Told("denied", Unavailable, polly(403, "AccessDeniedException")),
            Told("expired", Unavailable, polly(400, "ExpiredTokenException")),
            Told("conflict", Unavailable, polly(409, "ConflictException")),
            Told("failure", InternalFailure, polly(500, "ServiceFailureException")),
            Told("away", Unavailable, polly(503, "ServiceUnavailable")),
            Told("odd", Unsupported, as_json({"__type": 3, "message": 4}, 400)),
            Told("list", Unsupported, as_json([1], 400)),
        ),
    ),
)


def each(table: tuple[tuple[Vendor, tuple[Any, ...]], ...]) -> list[Any]:
    return [
        pytest.param(vendor, case, id=f"{vendor.name}-{case.name}") for vendor, cases in table for case in cases
    ]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("vendor", "asked"), each(ASKED))
async def test_a_request_that_is_refused_is_one_of_our_errors(
    vendor: Vendor, server: VendorServer, asked: Asked, streamed: bool
) -> None:
    async with started(vendor.at(server.url, **asked.options)) as engine:
        with pytest.raises(SegueError) as caught:
            await said(engine, replace(vendor.hello, **asked.changed), streamed=streamed)
    assert type(caught.value) is asked.expected


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("vendor", "told"), each(TOLD))
async def test_a_refusal_is_one_of_our_errors(
    vendor: Vendor, server: VendorServer, engine: HttpEngine, told: Told, streamed: bool
) -> None:
    server.trouble = Trouble(answer=told.answer)
    with pytest.raises(SegueError) as caught:
        await said(engine, vendor.hello, streamed=streamed)
    assert type(caught.value) is told.expected
