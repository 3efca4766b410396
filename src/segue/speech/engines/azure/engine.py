"""The engine: sends requests to Azure's REST API."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from segue.kernel.errors import SentenceTooLong, Unavailable, Unsupported
from segue.speech.core.speech import Container
from segue.speech.engines.azure.failures import read
from segue.speech.engines.azure.markup import SpokenMarkup, as_ssml
from segue.speech.engines.azure.options import AzureOptions
from segue.speech.engines.azure.voices import NAME, AzureVoices, listed_in
from segue.speech.engines.http.cut_off import until_cut_off
from segue.speech.engines.http.engine import HttpEngine
from segue.speech.engines.http.server import Call

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Pcm, Utterance
    from segue.speech.engines.http.failures import Read, VendorRefusal
    from segue.speech.engines.http.server import RemoteServer

_SPEECH = "cognitiveservices/v1"
_LIST = "cognitiveservices/voices/list"
_MOST_SSML_BYTES = 64 * 1024
"""Documented for the same service over WebSocket. For REST, nothing is documented."""
_MOST_AUDIO_S = 600.0
_RAW = frozenset({"audio/x-wav", "audio/wav", "audio/basic"})
"""Undocumented. The first bytes show whether a header comes before the samples."""


class AzureEngine(HttpEngine):
    """Implements ``segue.speech.ports.engine.Engine``. Whole and streamed speech use the same request.

    Azure ends a response after ten minutes of audio without an error. A response of that length raises
    ``SentenceTooLong``, and the text is then sent in parts.
    """

    declared_too = _RAW

    def __init__(self, options: AzureOptions) -> None:
        super().__init__(NAME, options.version, options, Container.PCM, options.sample_rate_hz)
        self._options = options
        self._voices = AzureVoices(options)

    def voices(self) -> Sequence[Voice]:
        return self._voices.all()

    def voice(self, name: str) -> Voice:
        return self._voices.voice(name)

    def _signed(self, key: str, _: Call) -> Mapping[str, str]:
        if self._options.bearer:
            return {"authorization": f"Bearer {key}"}
        return {"ocp-apim-subscription-key": key}

    def _read(self, refusal: VendorRefusal) -> Read:
        return read(refusal)

    def _call(self, utterance: Utterance, voice: Voice, *, streamed: bool) -> Call:  # noqa: ARG002 - it is one request
        _refuse_strange(utterance, voice)
        preset = self._voices.preset(voice.name)
        own, other = self._voices.own_locale(voice.name), self._voices.other_language(voice.name)
        body = as_ssml(utterance, SpokenMarkup(preset.voice or voice.name, own, other), preset).encode()
        if len(body) > _MOST_SSML_BYTES:
            raise SentenceTooLong(
                f"the SSML for {voice.label} has {len(body)} bytes; the limit is {_MOST_SSML_BYTES}"
            )
        headers = {
            "content-type": "application/ssml+xml",
            "x-microsoft-outputformat": self._options.output_format,
        }
        return Call("POST", _SPEECH, headers=headers, body=body, text=utterance.text)

    async def _spoken(self, utterance: Utterance, *, streamed: bool) -> AsyncGenerator[Pcm, None]:
        whole = super()._spoken(utterance, streamed=streamed)
        async with aclosing(until_cut_off(whole, self._server.host, _MOST_AUDIO_S)) as pieces:
            async for piece in pieces:
                yield piece

    async def _ask_voices(self, server: RemoteServer) -> None:
        listed = listed_in(await server.listed(_LIST))
        if not listed:
            raise Unavailable(f"{server.host} lists no voices at {_LIST}: check region or base_url")
        self._voices.take(listed)


def _refuse_strange(utterance: Utterance, voice: Voice) -> None:
    """Refuses what this voice does not support. Segue does not request any of it."""
    can = voice.capabilities
    if utterance.rate_ratio != 1.0 and can.rate_ratio is None:
        raise Unsupported(f"{voice.label} does not support rate")
    if utterance.pitch_semitones and can.pitch_semitones is None:
        raise Unsupported(f"{voice.label} does not support pitch")
    if utterance.pauses and not can.exact_pauses:
        raise Unsupported(f"{voice.label} does not support pauses")
    strange = {said.alphabet for said in utterance.pronunciations} - can.alphabets
    if strange:
        raise Unsupported(f"{voice.label} does not read pronunciations in {', '.join(sorted(map(str, strange)))}")


def create(options: Mapping[str, object]) -> AzureEngine:
    """The entry point. The options are the fields of ``AzureOptions``."""
    return AzureEngine(AzureOptions.read(options))
