"""The engine: sends requests to ElevenLabs' API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segue.kernel.errors import Unsupported
from segue.speech.core.speech import Container, PhoneticAlphabet
from segue.speech.engines.elevenlabs.billed import Billed
from segue.speech.engines.elevenlabs.failures import read
from segue.speech.engines.elevenlabs.markup import tagged, untagged
from segue.speech.engines.elevenlabs.models import language_code
from segue.speech.engines.elevenlabs.options import ElevenLabsOptions, settings_of
from segue.speech.engines.elevenlabs.voices import NAME, ElevenLabsListing, ElevenLabsVoices, listed_in
from segue.speech.engines.http.engine import HttpEngine
from segue.speech.engines.http.server import json_call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Utterance
    from segue.speech.engines.http.failures import Read, VendorRefusal
    from segue.speech.engines.http.server import Call, RemoteServer

_SPEECH = "v1/text-to-speech"
_PAGES = "v2/voices"
_ALL = "v1/voices"
_PAGE_VOICES = "100"
_MOST_PAGES = 50


class ElevenLabsEngine(HttpEngine):
    """Implements ``segue.speech.ports.engine.Engine``. ``billed`` counts the costs that the vendor reports."""

    def __init__(self, options: ElevenLabsOptions) -> None:
        super().__init__(NAME, options.version, options, Container.PCM, options.sample_rate_hz)
        self.billed = Billed()
        self._options = options
        self._voices = ElevenLabsVoices(options)
        self._settings = settings_of(options)

    def voices(self) -> Sequence[Voice]:
        return self._voices.all()

    def voice(self, name: str) -> Voice:
        return self._voices.voice(name)

    def _signed(self, key: str, _: Call) -> Mapping[str, str]:
        return {"xi-api-key": key}

    def _read(self, refusal: VendorRefusal) -> Read:
        return read(refusal)

    def _answered(self, headers: httpx.Headers) -> None:
        cost = self.billed.add(headers)
        self._log.debug("elevenlabs_billed", characters=cost, request_id=headers.get("request-id", "")[:64])

    def _call(self, utterance: Utterance, voice: Voice, *, streamed: bool) -> Call:
        _refuse_strange(utterance, voice)
        asked = self._voices.preset(voice.name).voice or voice.name
        params = {"output_format": f"pcm_{self._options.sample_rate_hz}"}
        if not self._options.logging:
            params["enable_logging"] = "false"
        path = f"{_SPEECH}/{asked}/stream" if streamed else f"{_SPEECH}/{asked}"
        return json_call(path, self._content(utterance, voice), utterance.text, params)

    def _content(self, utterance: Utterance, voice: Voice) -> dict[str, Any]:
        """The body. Settings that are not set are left out, and the vendor uses those stored with the voice."""
        options = self._options
        has_tags = options.known.takes_phonemes and utterance.pronunciations
        settings = self._settings | settings_of(self._voices.preset(voice.name))
        if utterance.rate_ratio != 1.0:
            settings["speed"] = utterance.rate_ratio
        content: dict[str, Any] = {
            "text": tagged(utterance) if has_tags else untagged(utterance.text),
            "model_id": options.model,
            "language_code": language_code(utterance.language) if options.known.takes_language else None,
            "voice_settings": settings,
            "seed": options.seed,
            "pronunciation_dictionary_locators": options.dictionaries,
            "apply_text_normalization": options.text_normalization,
        }
        return {name: value for name, value in content.items() if value not in (None, "", {}, ())}

    async def _ask_voices(self, server: RemoteServer) -> None:
        """Lists the voices page by page. Compatible servers have only the older list, or none."""
        listed: dict[str, ElevenLabsListing] = {}
        token = ""
        for _ in range(_MOST_PAGES):
            params = {"page_size": _PAGE_VOICES, **({"next_page_token": token} if token else {})}
            page = await server.listed(_PAGES, params)
            if page is None:
                page = await server.listed(_ALL)
            listed |= listed_in(page, self._options)
            token = _next_page(page)
            if not token:
                break
        self._voices.take(listed or None)


def _next_page(page: Any) -> str:
    if not isinstance(page, dict) or not page.get("has_more"):
        return ""
    token = page.get("next_page_token")
    return token if isinstance(token, str) else ""


def _refuse_strange(utterance: Utterance, voice: Voice) -> None:
    """Refuses what the API does not support. Segue does not request any of it."""
    can = voice.capabilities
    if utterance.pitch_semitones or utterance.pauses or utterance.spans:
        raise Unsupported(f"{voice.label} does not support pitch, pauses or spans")
    strange = {said.alphabet for said in utterance.pronunciations} - can.alphabets
    if strange:
        names = ", ".join(sorted(map(str, strange)))
        raise Unsupported(
            f"{voice.label} does not read pronunciations in {names}; "
            f"some ElevenLabs models read {PhoneticAlphabet.IPA}"
        )


def create(options: Mapping[str, object]) -> ElevenLabsEngine:
    """The entry point. The options are the fields of ``ElevenLabsOptions``."""
    return ElevenLabsEngine(ElevenLabsOptions.read(options))
