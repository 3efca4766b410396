"""The engine: sends requests to Polly's API."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from segue.kernel.errors import SentenceTooLong, Unavailable, Unsupported
from segue.speech.engines.http.cut_off import until_cut_off
from segue.speech.engines.http.engine import HttpEngine
from segue.speech.engines.http.server import json_call
from segue.speech.engines.polly.credentials import Credentials, Signer
from segue.speech.engines.polly.failures import read
from segue.speech.engines.polly.kinds import MOST_SENT_CHARS, PollyFamily
from segue.speech.engines.polly.markup import as_ssml, is_plain
from segue.speech.engines.polly.options import PollyOptions
from segue.speech.engines.polly.voices import NAME, PollyListing, PollyVoices, listed_in
from segue.speech.engines.ssml import cleaned

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    import httpx

    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Pcm, Utterance
    from segue.speech.engines.http.failures import Read, VendorRefusal
    from segue.speech.engines.http.secret import Keys
    from segue.speech.engines.http.server import Call, RemoteServer

_SPEECH = "v1/speech"
_VOICES = "v1/voices"
_BILLED = "x-amzn-requestcharacters"
_MOST_PAGES = 50
_MOST_AUDIO_S = 600.0


class PollyEngine(HttpEngine):
    """Implements ``segue.speech.ports.engine.Engine``. Whole and streamed speech use the same request.

    ``billed_chars`` counts the characters that Polly has billed since the engine was created.
    """

    def __init__(self, options: PollyOptions) -> None:
        self._options = options
        super().__init__(
            NAME, options.version, options, options.container, options.rate_hz(PollyFamily(options.engine))
        )
        self.billed_chars = 0
        self._voices = PollyVoices(options)

    def voices(self) -> Sequence[Voice]:
        return self._voices.all()

    def voice(self, name: str) -> Voice:
        return self._voices.voice(name)

    def _keys(self) -> Keys:
        return Credentials(self._options)

    def _signed(self, key: str, call: Call) -> Mapping[str, str]:
        return Signer.read(key).signed(call, self._options.base_url, self._options.region)

    def _read(self, refusal: VendorRefusal) -> Read:
        return read(refusal)

    def _answered(self, headers: httpx.Headers) -> None:
        billed = headers.get(_BILLED, "")
        if billed.isascii() and billed.isdecimal():
            self.billed_chars += int(billed)
        self._log.debug(
            "polly_billed", characters=billed[:16], request_id=headers.get("x-amzn-requestid", "")[:64]
        )

    def _call(self, utterance: Utterance, voice: Voice, *, streamed: bool) -> Call:  # noqa: ARG002 - it is one request
        _refuse_strange(utterance, voice)
        asked = self._voices.asked(voice.name)
        plain = is_plain(utterance)
        text = cleaned(utterance.text) if plain else as_ssml(utterance)
        if len(text) > MOST_SENT_CHARS:
            raise SentenceTooLong(f"Polly takes {MOST_SENT_CHARS} characters with their tags, not {len(text)}")
        content: dict[str, Any] = {
            "Engine": str(asked.kind),
            "VoiceId": asked.voice,
            "OutputFormat": self._options.format,
            "SampleRate": str(self._options.rate_hz(asked.kind)),
            "Text": text,
            "TextType": "text" if plain else "ssml",
        }
        if asked.language:
            content["LanguageCode"] = asked.language
        if self._options.lexicons:
            content["LexiconNames"] = list(self._options.lexicons)
        return json_call(_SPEECH, content, utterance.text)

    async def _spoken(self, utterance: Utterance, *, streamed: bool) -> AsyncGenerator[Pcm, None]:
        whole = super()._spoken(utterance, streamed=streamed)
        async with aclosing(until_cut_off(whole, self._server.host, _MOST_AUDIO_S)) as pieces:
            async for piece in pieces:
                yield piece

    async def _ask_voices(self, server: RemoteServer) -> None:
        listed: dict[str, PollyListing] = {}
        params = {"IncludeAdditionalLanguageCodes": "true"}
        for _ in range(_MOST_PAGES):
            page = await server.listed(_VOICES, params)
            listed |= listed_in(page)
            token = page.get("NextToken") if isinstance(page, dict) else None
            if not isinstance(token, str) or not token:
                break
            params["NextToken"] = token
        if not listed:
            raise Unavailable(f"{server.host} describes no voices: check region and base_url")
        self._voices.take(listed)


def _refuse_strange(utterance: Utterance, voice: Voice) -> None:
    """Refuses what this engine does not support.

    Segue does not request any of it, and Polly would refuse such tags.
    """
    can = voice.capabilities
    if utterance.pitch_semitones and can.pitch_semitones is None:
        raise Unsupported(f"{voice.label} does not support pitch")
    strange = {said.alphabet for said in utterance.pronunciations} - can.alphabets
    if strange:
        raise Unsupported(f"{voice.label} does not read pronunciations in {', '.join(sorted(map(str, strange)))}")


def create(options: Mapping[str, object]) -> PollyEngine:
    """The entry point. The options are the fields of ``PollyOptions``."""
    return PollyEngine(PollyOptions.read(options))
