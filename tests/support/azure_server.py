"""A server of Azure's speech API that refuses what Azure refuses, by a parser of its own."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segue.testing.audio import babble
from support.vendor import Answer, Asked, as_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY = "az-0123456789abcdef0123456789abcdef"
HEAD = '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-US">'
JENNY = "en-US-JennyNeural"
AVA = "en-US-AvaMultilingualNeural"
HSIAO_CHEN = "zh-TW-HsiaoChenNeural"
DRAGON = "en-US-Ava:DragonHDLatestNeural"
ONYX = "en-US-OnyxMultilingualNeural"
MOST_AUDIO_S = 600.0

_SSML = "{http://www.w3.org/2001/10/synthesis}"
_MSTTS = "{https://www.w3.org/2001/mstts}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_OUTPUTS = {
    "raw-8khz-16bit-mono-pcm": 8_000,
    "raw-16khz-16bit-mono-pcm": 16_000,
    "raw-22050hz-16bit-mono-pcm": 22_050,
    "raw-24khz-16bit-mono-pcm": 24_000,
    "raw-44100hz-16bit-mono-pcm": 44_100,
    "raw-48khz-16bit-mono-pcm": 48_000,
}
_ANYTHING = {"mstts:express-as", "lang", "prosody", "break", "phoneme", "say-as"}
_MAY_HOLD = {
    "speak": {"voice"},
    "voice": _ANYTHING,
    "mstts:express-as": _ANYTHING - {"mstts:express-as"},
    "lang": _ANYTHING,
    "prosody": {"prosody", "break", "phoneme", "say-as"},
    "break": set(),
    "phoneme": set(),
    "say-as": set(),
}
_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "speak": {"version": r"1\.0", _LANG: r"[a-z]{2,3}(-[A-Za-z]+)+"},
    "voice": {"name": r".+"},
    "mstts:express-as": {"style": r".+", "styledegree": r"[0-9.]+", "role": r"[A-Za-z]+"},
    "lang": {_LANG: r"[a-z]{2,3}-[A-Z]{2}"},
    "prosody": {"rate": r"[+-][0-9.]+%", "pitch": r"[+-][0-9.]+st", "volume": r"[0-9]{1,3}"},
    "break": {"time": r"[0-9]+ms"},
    "phoneme": {"alphabet": r"ipa|x-sampa", "ph": r"[^0-9!]+"},
    "say-as": {"interpret-as": r"[a-z_-]+", "format": r"[a-z0-9]+"},
}
_REFUSED_BY = {
    "neural-hd": {"mstts:express-as", "prosody", "phoneme", "break"},
    "openai": {"mstts:express-as", "prosody", "phoneme"},
}


def _entry(name: str, gender: str, **more: object) -> dict[str, Any]:
    locale = "-".join(name.split("-")[:2])
    return {"Name": name, "ShortName": name, "Locale": locale, "Gender": gender, "Status": "GA", **more}


VOICES: tuple[Mapping[str, Any], ...] = (
    _entry(JENNY, "Female", StyleList=["cheerful", "sad"], WordsPerMinute="152"),
    _entry(AVA, "Female", SecondaryLocaleList=["de-DE", "zh-TW"]),
    _entry(HSIAO_CHEN, "Female"),
    _entry("zh-CN-YunxiNeural", "Male", StyleList=["chat"], RolePlayList=["Boy", "Narrator"]),
    _entry(DRAGON, "Female", SecondaryLocaleList=["de-DE"]),
    _entry(ONYX, "Male", SecondaryLocaleList=["de-DE"]),
)


@dataclass(slots=True, kw_only=True)
class AzureService:
    """``custom`` are voices that are there and not listed. ``heard`` keeps what was to be spoken, without its
    tags, and ``documents`` what was asked. ``bearer``: it takes a token instead of a key.
    """

    key: str = KEY
    bearer: bool = False
    custom: tuple[str, ...] = ()
    content_type: str = "audio/x-wav"
    heard: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        if not self._is_let_in(asked):
            return refuse(401, "Access denied due to invalid subscription key or wrong API endpoint.")
        if (asked.method, asked.path) == ("GET", "/cognitiveservices/voices/list"):
            return as_json(list(VOICES))
        if (asked.method, asked.path) == ("POST", "/cognitiveservices/v1"):
            return self._speech(asked)
        return refuse(404, "Resource not found")

    def _is_let_in(self, asked: Asked) -> bool:
        if self.bearer:
            return asked.headers.get("authorization") == f"Bearer {self.key}"
        return asked.headers.get("ocp-apim-subscription-key") == self.key

    def _speech(self, asked: Asked) -> Answer:
        if asked.headers.get("content-type") != "application/ssml+xml":
            return words(415, "Unsupported media type")
        if not 0 < len(asked.headers.get("user-agent", "")) < 255:
            return words(400, "User-Agent is missing")
        rate_hz = _OUTPUTS.get(asked.headers.get("x-microsoft-outputformat", ""))
        if rate_hz is None:
            return words(400, "Unsupported output format")
        try:
            root = ET.fromstring(asked.body.decode())
        except (ET.ParseError, UnicodeDecodeError):
            return words(400, "Data at the root level is invalid.")
        return self._fault(root) or self._spoken(root, rate_hz, asked)

    def _fault(self, root: ET.Element) -> Answer | None:
        fault = next(_faults(root), None)
        if fault is not None:
            return words(400, fault)
        name = root[0].get("name", "")
        listed = {voice["ShortName"]: voice for voice in VOICES}
        if name not in listed and name not in self.custom:
            return words(400, f"Unsupported voice {name}.")
        kind = "neural-hd" if ":" in name else "openai" if name == ONYX else ""
        found = {_tag(node) for node in root.iter()} & _REFUSED_BY.get(kind, set())
        if found:
            return words(400, f"this voice takes no {min(found)}")
        can_speak = "SecondaryLocaleList" in listed.get(name, {})
        if not can_speak and any(_tag(node) == "lang" for node in root.iter()):
            return words(400, f"{name} is not multilingual")
        return None

    def _spoken(self, root: ET.Element, rate_hz: int, asked: Asked) -> Answer:
        text = "".join(root.itertext())
        if not text.strip():
            return Answer(200, b"", {"content-type": self.content_type})
        self.heard.append(text)
        self.documents.append(asked.body.decode())
        prosody = next((node for node in root.iter() if _tag(node) == "prosody"), None)
        said = "" if prosody is None else prosody.get("rate", "")
        ratio = 1 + float(said.rstrip("%")) / 100 if said else 1.0
        sound = babble(text, rate_hz=rate_hz, rate_ratio=ratio).data
        most_bytes = int(MOST_AUDIO_S * rate_hz) * 2
        return Answer(200, sound[:most_bytes], {"content-type": self.content_type, "x-requestid": "r-1"})


def _faults(node: ET.Element) -> Iterator[str]:
    tag = _tag(node)
    if tag not in _MAY_HOLD:
        yield f"unknown node [{tag}]"
        return
    known = _ATTRIBUTES[tag]
    for name, value in node.attrib.items():
        if not re.fullmatch(known.get(name, "(?!)"), value):
            yield f"[{tag}] should not have [{name}] with [{value}]"
    missing = {"speak": ["version", _LANG], "voice": ["name"], "phoneme": ["ph"], "lang": [_LANG]}.get(tag, [])
    if any(name not in node.attrib for name in missing):
        yield f"[{tag}] lacks an attribute"
    if tag == "speak" and len(node) != 1:
        yield "[speak] should contain one voice"
    yield from _faults_of_values(tag, node)
    for child in node:
        if _tag(child) not in _MAY_HOLD[tag]:
            yield f"Node [{tag}] should not contain node [{_tag(child)}]"
        yield from _faults(child)


def _faults_of_values(tag: str, node: ET.Element) -> Iterator[str]:
    rate = node.get("rate")
    if tag == "prosody" and rate is not None and not -50 <= float(rate.rstrip("%")) <= 100:
        yield f"rate {rate} is out of range"
    if tag == "break" and int(node.get("time", "0ms").removesuffix("ms")) > 20_000:
        yield "break is longer than 20 s"
    if tag == "mstts:express-as" and not 0.01 <= float(node.get("styledegree", "1")) <= 2:
        yield "styledegree is out of range"


def _tag(node: ET.Element) -> str:
    return node.tag.replace(_SSML, "").replace(_MSTTS, "mstts:")


def words(status: int, said: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, said.encode(), {"content-type": "text/plain", **named})


def refuse(status: int, said: str, **headers: str) -> Answer:
    return as_json({"error": {"code": str(status), "message": said}}, status, **headers)
