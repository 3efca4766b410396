"""A server of Amazon Polly's API that refuses what Polly refuses, and checks every signature."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segue.speech.audio.encode import encode
from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import AudioFormat, Container
from segue.testing.audio import babble
from support.sigv4 import Account, Signed, fault_of
from support.vendor import Answer, Asked, as_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segue.speech.core.speech import Pcm

KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////"
REGION = "us-east-1"
_FIELDS = {
    "Engine", "LanguageCode", "LexiconNames", "OutputFormat", "SampleRate", "SpeechMarkTypes", "Text", "TextType",
    "VoiceId",
}  # fmt: skip
_RATES = {
    "pcm": {"8000", "16000"},
    "mp3": {"8000", "16000", "22050", "24000", "44100", "48000"},
}
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_TAGS = {
    "standard": {"speak", "break", "emphasis", "lang", "phoneme", "prosody", "say-as"},
    "neural": {"speak", "break", "lang", "phoneme", "prosody"},
    "long-form": {"speak", "break", "lang", "phoneme", "prosody", "say-as"},
    "generative": {"speak", "break", "lang", "prosody", "say-as"},
}
_PITCHED = "standard"
_MOST_CHARS, _MOST_SENT_CHARS = 3_000, 6_000
_MOST_AUDIO_S = 600.0
_PAGE = 2


def _entry(name: str, language: str, gender: str, *engines: str, **more: object) -> Mapping[str, Any]:
    return {
        "Id": name,
        "Name": name,
        "LanguageCode": language,
        "Gender": gender,
        "SupportedEngines": [*engines],
        **more,
    }


VOICES: tuple[Mapping[str, Any], ...] = (
    _entry("Joanna", "en-US", "Female", "standard", "neural", "generative"),
    _entry("Ruth", "en-US", "Female", "neural", "long-form", "generative"),
    _entry("Zhiyu", "cmn-CN", "Female", "standard", "neural"),
    _entry("Kajal", "en-IN", "Female", "neural", AdditionalLanguageCodes=["hi-IN"]),
    _entry("vc-9a8fa85dd3", "en-US", "Female", "generative", Status="failed"),
)


@dataclass(slots=True, kw_only=True)
class PollyService:
    """``token`` is that of temporary credentials. ``heard`` keeps what was to be spoken, without its tags.
    ``lexicons`` are stored.
    """

    key: str = KEY
    secret: str = SECRET
    token: str = ""
    region: str = REGION
    prefix: str = ""
    lexicons: tuple[str, ...] = ("names",)
    heard: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        signed = Signed(asked.method, asked.path, asked.query, asked.headers, asked.body)
        fault = fault_of(signed, Account(self.key, self.secret, self.token, self.region, "polly"))
        if fault:
            return refuse(403, fault, "The security token or the signature in the request is not valid.")
        if (asked.method, asked.path) == ("GET", f"{self.prefix}/v1/voices"):
            return _voices(asked)
        if (asked.method, asked.path) == ("POST", f"{self.prefix}/v1/speech"):
            return self._speech(asked.content)
        return refuse(404, "UnknownOperationException")

    def _speech(self, content: dict[str, Any]) -> Answer:
        fault = _fault_of_shape(content) or self._fault_of_voice(content)
        if fault is not None:
            return fault
        engine, text = content["Engine"], content["Text"]
        root = ET.Element("speak")
        root.text = text
        if content.get("TextType", "text") == "ssml":
            try:
                root = ET.fromstring(text)
            except ET.ParseError:
                return refuse(400, "InvalidSsmlException", "Invalid SSML request")
            if any(True for _ in _faults(root, engine)) or root.tag != "speak":
                return refuse(400, "InvalidSsmlException", "Unsupported Neural feature")
        spoken = "".join(root.itertext())
        if len(text) > _MOST_SENT_CHARS or len(spoken) > _MOST_CHARS:
            return refuse(400, "TextLengthExceededException", "Maximum text length has been exceeded")
        self.heard.append(spoken)
        headers = {"x-amzn-requestcharacters": str(len(spoken)), "x-amzn-requestid": "r-1"}
        return _sound(spoken, content, _rate_of(root), headers)

    def _fault_of_voice(self, content: dict[str, Any]) -> Answer | None:
        voice = next((known for known in VOICES if known["Id"] == content["VoiceId"]), None)
        if voice is None:
            return refuse(400, "ValidationException", "Value at 'voiceId' failed to satisfy constraint")
        if content["Engine"] not in voice["SupportedEngines"]:
            return refuse(400, "EngineNotSupportedException", "This voice does not support the selected engine")
        languages = {voice["LanguageCode"], *voice.get("AdditionalLanguageCodes", ())}
        if content.get("LanguageCode", voice["LanguageCode"]) not in languages:
            return refuse(
                400, "LanguageNotSupportedException", "This voice does not support the selected language"
            )
        if not set(content.get("LexiconNames", ())) <= set(self.lexicons):
            return refuse(404, "LexiconNotFoundException", "Lexicon not found")
        return None


def _voices(asked: Asked) -> Answer:
    if set(asked.query) - {"Engine", "LanguageCode", "IncludeAdditionalLanguageCodes", "NextToken"}:
        return refuse(400, "ValidationException", "unknown parameter")
    start = int(asked.query.get("NextToken", "page+/=0").removeprefix("page+/="))
    end = start + _PAGE
    page: dict[str, Any] = {"Voices": list(VOICES[start:end])}
    return as_json(page | ({"NextToken": f"page+/={end}"} if end < len(VOICES) else {}))


def _fault_of_shape(content: dict[str, Any]) -> Answer | None:
    if set(content) - _FIELDS or not {"OutputFormat", "Text", "VoiceId"} <= set(content):
        return refuse(400, "ValidationException", "fields")
    if content.get("Engine") not in _TAGS or content.get("TextType", "text") not in {"text", "ssml"}:
        return refuse(400, "ValidationException", "Value at 'engine' failed to satisfy constraint")
    rates = _RATES.get(content["OutputFormat"])
    if rates is None:
        return refuse(400, "ValidationException", "Value at 'outputFormat' failed to satisfy constraint")
    if content.get("SampleRate") not in rates:
        return refuse(400, "InvalidSampleRateException", "The specified sample rate is not valid")
    return None


def _faults(root: ET.Element, engine: str) -> Iterator[str]:
    for node in root.iter():
        if node.tag not in _TAGS[engine]:
            yield node.tag
        yield from (child.tag for child in node if node.tag in {"phoneme", "say-as", "break"})
        if node.tag == "prosody":
            yield from _faults_of_prosody(node, engine)
        if node.tag == "break" and int(node.get("time", "").removesuffix("ms")) > 10_000:
            yield "time"
        if node.tag == "phoneme" and (node.get("alphabet") not in {"ipa", "x-sampa"} or not node.get("ph")):
            yield "ph"
        if node.tag == "lang" and not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", node.get(_LANG, "")):
            yield "lang"


def _faults_of_prosody(node: ET.Element, engine: str) -> Iterator[str]:
    yield from set(node.attrib) - {"rate", "volume", "pitch"}
    if not 20 <= int(node.get("rate", "100%").rstrip("%")) <= 200:
        yield "rate"
    pitch = node.get("pitch")
    if pitch is not None and (engine != _PITCHED or not -33.4 <= float(pitch.rstrip("%")) <= 50):
        yield "pitch"


def _rate_of(root: ET.Element) -> float:
    said = next((node.get("rate", "") for node in root.iter("prosody")), "")
    return int(said.rstrip("%")) / 100 if said else 1.0


def _sound(text: str, content: dict[str, Any], ratio: float, headers: dict[str, str]) -> Answer:
    rate_hz = int(content["SampleRate"])
    sound: Pcm = babble(text, rate_hz=rate_hz, rate_ratio=ratio)
    if content["OutputFormat"] == "pcm":
        most_bytes = int(_MOST_AUDIO_S * rate_hz) * 2
        return Answer(200, sound.data[:most_bytes], {"content-type": "audio/pcm", **headers})
    encoded = encode(to_samples(sound), rate_hz, AudioFormat(Container.MP3, rate_hz))
    return Answer(200, encoded.data, {"content-type": "audio/mpeg", **headers})


def refuse(status: int, name: str, message: str = "", **headers: str) -> Answer:
    named = {"x-amzn-errortype": f"{name}:http://internal.amazon.com/coral/com.amazonaws.polly/"}
    answer = as_json({"message": message}, status, **headers)
    return Answer(status, answer.body, {**answer.headers, **named})
