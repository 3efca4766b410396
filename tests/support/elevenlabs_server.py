"""A server of ElevenLabs' speech API that refuses what ElevenLabs refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segue.testing.audio import babble
from support.vendor import Answer, Asked, as_json

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "xi-test-0123456789abcdef"
GEORGE = "JBFqnCBsd6RMkjVDRZzb"
SARAH = "EXAVITQu4vr4xnSDxMaL"
MEI = "bhJUNIXWQQ94l8eI2VUf"
_FIELDS = {
    "text", "model_id", "language_code", "voice_settings", "pronunciation_dictionary_locators", "seed",
    "previous_text", "next_text", "apply_text_normalization", "apply_language_text_normalization",
}  # fmt: skip
_SETTINGS = {"stability", "similarity_boost", "style", "use_speaker_boost", "speed"}
_QUERY = {"output_format", "enable_logging", "optimize_streaming_latency"}
_FORMATS = {f"pcm_{rate}" for rate in (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)}
_MOST_CHARS = {"eleven_v3": 5_000, "eleven_multilingual_v2": 10_000, "eleven_flash_v2": 30_000}
_LANGUAGE_IGNORED = "eleven_multilingual_v2"
_PHONEME = re.compile(r'<phoneme alphabet="ipa" ph="[^"<>]+">([^<>]+)</phoneme>')
_TAGS = re.compile(r"<[/A-Za-z!?][^>]*>")

VOICES: tuple[Mapping[str, Any], ...] = (
    {
        "voice_id": GEORGE,
        "name": "George",
        "labels": {"gender": "male", "language": "en"},
        "verified_languages": [{"language": "en", "model_id": "eleven_multilingual_v2", "locale": "en-GB"}],
    },
    {"voice_id": SARAH, "name": "Sarah", "labels": {"gender": "female"}, "verified_languages": None},
    {"voice_id": MEI, "name": "Mei", "labels": {"gender": "female", "language": "zh"}},
)


@dataclass(slots=True, kw_only=True)
class ElevenLabsService:
    """``pages`` is how many voices a page of ``/v2/voices`` has, 0: only the older list is there.
    ``pro_plan`` has the highest sample rates. ``heard`` keeps what was to be spoken, without its tags.
    """

    key: str = KEY
    models: tuple[str, ...] = ("eleven_multilingual_v2", "eleven_flash_v2", "eleven_v3")
    page_voices: int = 2
    pro_plan: bool = False
    heard: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("xi-api-key") != self.key:
            sent = asked.headers.get("xi-api-key", "")
            return refuse(401, "invalid_api_key", f"the key {sent[:8]} is not valid")
        _, version, room, *rest = asked.path.split("/")
        if asked.method == "GET" and room == "voices" and not rest:
            return self._voices(asked, version)
        if asked.method == "POST" and (version, room) == ("v1", "text-to-speech") and rest[1:] in ([], ["stream"]):
            return self._speech(asked, rest[0])
        return as_json({"detail": "Not Found"}, 404)

    def _voices(self, asked: Asked, version: str) -> Answer:
        if version == "v1":
            return as_json({"voices": list(VOICES)})
        if not self.page_voices:
            return as_json({"detail": "Not Found"}, 404)
        start = int(asked.query.get("next_page_token", "0"))
        end = start + min(self.page_voices, int(asked.query.get("page_size", "10")))
        more = end < len(VOICES)
        page = {"voices": list(VOICES[start:end]), "has_more": more, "total_count": len(VOICES)}
        return as_json(page | {"next_page_token": str(end) if more else None})

    def _speech(self, asked: Asked, voice: str) -> Answer:
        content = asked.content
        fault = _fault_of_shape(asked) or self._fault(asked, content, voice)
        if fault is not None:
            return fault
        text, settings = content["text"], content.get("voice_settings", {})
        spoken = _TAGS.sub("", _PHONEME.sub(r"\1", text))
        self.heard.append(spoken)
        rate_hz = int(asked.query["output_format"].removeprefix("pcm_"))
        sound = babble(spoken, rate_hz=rate_hz, rate_ratio=settings.get("speed", 1.0))
        told = {"content-type": "audio/pcm", "character-cost": str(len(text)), "request-id": "r-1"}
        told |= {"current-concurrent-requests": "1", "maximum-concurrent-requests": "5"}
        return Answer(200, sound.data, told)

    def _fault(self, asked: Asked, content: dict[str, Any], voice: str) -> Answer | None:
        if voice not in {known["voice_id"] for known in VOICES}:
            return refuse(404, "voice_not_found", f"A voice with voice_id {voice} was not found.")
        model = content.get("model_id", "eleven_multilingual_v2")
        if model not in self.models:
            return refuse(400, "model_not_found", f"A model with model ID {model} does not exist")
        if content.get("language_code") and model == _LANGUAGE_IGNORED:
            return refuse(400, "unsupported_language", f"Model {model} does not take language_code")
        if asked.query["output_format"] in {"pcm_44100", "pcm_48000"} and not self.pro_plan:
            return refuse(403, "output_format_not_allowed", "your plan does not have this output format")
        return _fault_of_text(content["text"], _MOST_CHARS[model])


def _fault_of_text(text: str, most_chars: int) -> Answer | None:
    if not text.strip():
        return refuse(400, "input_text_empty", "the text is empty")
    if len(text) > most_chars:
        return refuse(400, "max_character_limit_exceeded", f"text of {len(text)} characters: {text[:30]}")
    return None


def _fault_of_shape(asked: Asked) -> Answer | None:
    content = asked.content
    faults = [
        *([["body", "text"]] if not isinstance(content.get("text"), str) else []),
        *(["body", name] for name in sorted(set(content) - _FIELDS)),
        *(["query", name] for name in sorted(set(asked.query) - _QUERY)),
        *(["body", "voice_settings", name] for name in sorted(_bad_settings(content.get("voice_settings", {})))),
        *([["query", "output_format"]] if asked.query.get("output_format") not in _FORMATS else []),
    ]
    if not faults:
        return None
    return as_json({"detail": [{"loc": loc, "msg": "not valid", "type": "value_error"} for loc in faults]}, 422)


def _bad_settings(settings: dict[str, Any]) -> set[str]:
    bad = {name for name in settings if name not in _SETTINGS}
    bad |= {name for name in ("stability", "similarity_boost", "style") if not 0 <= settings.get(name, 0) <= 1}
    return bad if 0.7 <= settings.get("speed", 1.0) <= 1.2 else bad | {"speed"}


def refuse(status: int, name: str, message: str = "", **headers: str) -> Answer:
    return as_json({"detail": {"status": name, "message": message}}, status, **headers)
