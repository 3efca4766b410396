"""The engine: sends requests to OpenAI's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segue.kernel.errors import Unsupported
from segue.speech.engines.http.engine import HttpEngine
from segue.speech.engines.http.server import json_call
from segue.speech.engines.openai.failures import read
from segue.speech.engines.openai.options import OpenAiOptions
from segue.speech.engines.openai.voices import LISTS, NAME, OpenAIVoices, listed_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Utterance
    from segue.speech.engines.http.failures import Read, VendorRefusal
    from segue.speech.engines.http.server import Call, RemoteServer

_SPEECH = "audio/speech"
_MODELS = "models"


class OpenAiEngine(HttpEngine):
    """Implements ``segue.speech.ports.engine.Engine``.

    Whole and streamed speech use the same request; the response is read differently.
    """

    def __init__(self, options: OpenAiOptions) -> None:
        super().__init__(NAME, options.version, options, options.container, options.sample_rate_hz)
        self._options = options
        self._voices = OpenAIVoices(options)

    def voices(self) -> Sequence[Voice]:
        return self._voices.all()

    def voice(self, name: str) -> Voice:
        return self._voices.voice(name)

    def _signed(self, key: str, _: Call) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    def _read(self, refusal: VendorRefusal) -> Read:
        return read(refusal)

    def _call(self, utterance: Utterance, voice: Voice, *, streamed: bool) -> Call:  # noqa: ARG002 - it is one request
        _refuse_strange(utterance, voice)
        preset = self._voices.preset(voice.name)
        content: dict[str, Any] = {
            **self._options.extra,
            "model": self._options.model,
            "input": utterance.text,
            "voice": preset.voice or voice.name,
            "response_format": self._options.format,
        }
        instructions = preset.instructions or self._options.instructions
        if instructions:
            content["instructions"] = instructions
        if utterance.rate_ratio != 1.0:
            content["speed"] = utterance.rate_ratio
        return json_call(_SPEECH, content, utterance.text)

    async def _ask_voices(self, server: RemoteServer) -> None:
        for path in LISTS:
            listed = listed_in(await server.listed(path))
            if listed is not None:
                self._voices.take(listed)
                return
        await server.listed(_MODELS)  # says whether the server is there and takes the key
        self._voices.take(None)


def _refuse_strange(utterance: Utterance, voice: Voice) -> None:
    """Refuses what the API does not support. Segue does not request any of it."""
    can = voice.capabilities
    if utterance.pitch_semitones or utterance.pauses or utterance.spans or utterance.pronunciations:
        raise Unsupported(f"{voice.label} does not support pitch, pauses, spans or pronunciations")
    if utterance.rate_ratio != 1.0 and can.rate_ratio is None:
        raise Unsupported(f"{voice.label} does not support speed")


def create(options: Mapping[str, object]) -> OpenAiEngine:
    """The entry point. The options are the fields of ``OpenAiOptions``."""
    return OpenAiEngine(OpenAiOptions.read(options))
