"""A server of OpenAI's speech API that refuses what OpenAI refuses, or answers as one of its peers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segue.speech.audio.encode import encode
from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import CONTENT_TYPES, AudioFormat, Container
from segue.testing.audio import babble
from support.vendor import Answer, Asked, as_json

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "sk-test-0123456789abcdef"
FIELDS = {"model", "input", "voice", "response_format", "speed", "instructions", "stream_format"}
FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
PEERS_VOICES = ("alloy", "af_heart", "af_bella", "zf_xiaobei")

LISTS: dict[str, Callable[[tuple[str, ...]], Any]] = {
    "objects": lambda names: {"voices": [{"id": name, "name": name.title()} for name in names]},
    "names": lambda names: {"voices": list(names)},
    "data": lambda names: {"object": "list", "data": [{"voice_id": name, "language": "en_US"} for name in names]},
    "bare": list,
    "by name": lambda names: {"voices": {name: {"gender": "Female", "language": "en-US"} for name in names}},
}
"""The shapes that peers list their voices in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAiService:
    """``list_path`` is where voices are listed, empty where they are not, as at OpenAI."""

    key: str = KEY
    models: tuple[str, ...] = ("tts-1", "gpt-4o-mini-tts")
    voices: tuple[str, ...] = PEERS_VOICES
    list_path: str = "/v1/audio/voices"
    list_shape: str = "objects"
    rate_hz: int = 24_000
    max_chars: int = 4096
    kokoro_errors: bool = False

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization", "") != f"Bearer {self.key}" and self.key:
            return self._refuse_key(asked.headers.get("authorization", ""))
        match asked.method, asked.path:
            case "POST", "/v1/audio/speech":
                return self._speech(asked)
            case "GET", "/v1/models":
                return as_json(
                    {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]}
                )
            case "GET", path if path == self.list_path:
                return as_json(LISTS[self.list_shape](self.voices))
        return refuse(404, f"Invalid URL ({asked.method} {asked.path})")

    def _refuse_key(self, sent: str) -> Answer:
        if not sent:
            return refuse(401, "no API key was sent in the Authorization header")
        key = sent.removeprefix("Bearer ")
        return refuse(401, f"Incorrect API key provided: {key[:8]}***{key[-4:]}.", code="invalid_api_key")

    def _speech(self, asked: Asked) -> Answer:
        content = asked.content
        fault = self._fault(content)
        if fault is not None:
            return fault
        speed = content.get("speed", 1.0)
        sound = babble(content["input"], rate_hz=self.rate_hz, rate_ratio=speed)
        container = Container(content.get("response_format", "mp3"))
        made = encode(to_samples(sound), sound.rate_hz, AudioFormat(container, self.rate_hz))
        return Answer(200, made.data, {"content-type": CONTENT_TYPES[container]})

    def _fault(self, content: dict[str, Any]) -> Answer | None:
        unknown = sorted(set(content) - FIELDS)
        if unknown:
            return refuse(400, f"Unrecognized request argument supplied: {unknown[0]}")
        missing = next((name for name in ("model", "input", "voice") if name not in content), None)
        if missing is not None:
            return refuse(400, f"Missing required parameter: '{missing}'.", missing, "missing_required_parameter")
        return self._fault_of_input(content["input"]) or self._fault_of_names(content) or _fault_of_rest(content)

    def _fault_of_input(self, text: Any) -> Answer | None:
        if not isinstance(text, str):
            return refuse(400, "Invalid type for 'input'", "input", "invalid_type")
        if not text.strip():
            return refuse(400, "Invalid 'input': empty string.", "input", "string_below_min_length")
        if len(text) > self.max_chars:
            said = f"Invalid 'input': string of length {len(text)}: \"{text[:40]}\""
            return refuse(400, said, "input", "string_above_max_length")
        return None

    def _fault_of_names(self, content: dict[str, Any]) -> Answer | None:
        if content["model"] not in self.models:
            said = f"The model `{content['model']}` does not exist or you do not have access to it."
            return refuse(404, said, None, "model_not_found")
        if content["voice"] not in self.voices:
            if self.kokoro_errors:
                said = f"Voice '{content['voice']}' not found. Available voices: {', '.join(self.voices)}"
                return as_json({"detail": {"error": "validation_error", "message": said, "type": "x"}}, 400)
            return refuse(400, f"Invalid value: '{content['voice']}'.", "voice", "invalid_value")
        return None


def _fault_of_rest(content: dict[str, Any]) -> Answer | None:
    if content.get("response_format", "mp3") not in FORMATS:
        return refuse(400, "Invalid value for 'response_format'.", "response_format", "invalid_value")
    speed = content.get("speed", 1.0)
    if not isinstance(speed, int | float) or not 0.25 <= speed <= 4.0:
        return refuse(400, "Invalid 'speed'.", "speed", "decimal_above_max_value")
    if "instructions" in content and content["model"] == "tts-1":
        return refuse(400, "This model takes no instructions.", "instructions", "unsupported_parameter")
    return None


def refuse(status: int, message: str, param: str | None = None, code: str | None = None, **headers: str) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return as_json({"error": error}, status, **headers)
