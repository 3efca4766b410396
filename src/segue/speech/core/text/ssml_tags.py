"""What each SSML tag requests, by its attributes, and why that may not be possible."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.speech.core.speech import Loss, Pause, PhoneticAlphabet, Pronunciation, Span
from segue.speech.core.text import prosody
from segue.speech.core.text.marks import LONGEST_PAUSE_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Attributes = Mapping[str, str]

LANGUAGE = "xml:lang"
NOTHING = Span(0, 0)

_BCP_47 = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,4}")
_EMPHASES = ("strong", "moderate", "reduced", "none")
_QUIET = frozenset({"desc", "metadata", "meta"})
"""Tags without audible content. Their text is for readers only, so nothing is lost."""
_WHY_NOT = {
    "voice": "the character determines the voice",
    "audio": "recordings are not played; the text in the element is spoken",
    "mark": "no events are sent",
    "lexicon": "external lexicons are not fetched; send custom pronunciations",
}
_UNKNOWN = "this tag is unknown; its text is spoken"
_SHOWN_CHARS = 64

_PROSODY: dict[str, tuple[str, Callable[[str], float | None]]] = {
    "rate": ("rate_ratio", prosody.rate_ratio),
    "pitch": ("pitch_semitones", prosody.pitch_semitones),
    "volume": ("volume_ratio", prosody.volume_ratio),
}


class TagEffect(NamedTuple):
    """The effect of a tag.

    ``span`` and ``pause`` have no positions yet. ``instead`` replaces the element's content. ``hidden``: its
    content is not spoken.
    """

    span: Span = NOTHING
    pause: Pause | None = None
    instead: str = ""
    hidden: bool = False
    losses: tuple[Loss, ...] = ()


def asked_by(tag: str, attributes: Attributes) -> TagEffect:
    """What the element requests. ``<speak>`` itself, ``<p>`` and ``<s>`` request nothing."""
    found = _TAGS.get(tag, _other(tag))(attributes)
    language = attributes.get(LANGUAGE)
    if not language:
        return found
    if _BCP_47.fullmatch(language) is None:
        return found._replace(losses=(*found.losses, _lost("language", language, "it is not a valid BCP 47 tag")))
    return found._replace(span=replace(found.span, language=language))


def _lost(control: str, wanted: str, why: str, applied: str = "") -> Loss:
    return Loss(control[:_SHOWN_CHARS], wanted[:_SHOWN_CHARS], applied, why)


def _refuse(control: str, wanted: str, why: str) -> TagEffect:
    return TagEffect(losses=(_lost(control, wanted, why),))


def _plain(_: Attributes) -> TagEffect:
    return TagEffect()


def _break(attributes: Attributes) -> TagEffect:
    if "time" not in attributes:
        strength = attributes.get("strength", "medium")
        return _a_pause(prosody.break_of(0, strength), strength)
    time = attributes["time"]
    length_ms = prosody.time_ms(time.strip())
    if length_ms is None or length_ms <= LONGEST_PAUSE_MS:
        return _a_pause(None if length_ms is None else Pause(0, length_ms), time)
    why = f"a pause may be up to {LONGEST_PAUSE_MS // 1000} s long"
    loss = _lost("pause", f"{length_ms} ms", why, f"{LONGEST_PAUSE_MS} ms")
    return TagEffect(pause=Pause(0, LONGEST_PAUSE_MS), losses=(loss,))


def _a_pause(pause: Pause | None, wanted: str) -> TagEffect:
    if pause is None:
        return _refuse("pause", wanted, "a break needs a time, such as 500ms or 1.5s, or a strength")
    return TagEffect(pause=pause)


def _prosody(attributes: Attributes) -> TagEffect:
    asked: dict[str, Any] = {}
    losses = []
    for name, value in attributes.items():
        if name == LANGUAGE:
            continue
        field, read = _PROSODY.get(name, ("", None))
        found = read(value.strip()) if read else None
        if found is None:
            why = "it is not understood" if read else "it is not supported"
            losses.append(_lost(f"prosody {name}", value, why))
        else:
            asked[field] = found
    return TagEffect(Span(0, 0, **asked), losses=tuple(losses))


def _emphasis(attributes: Attributes) -> TagEffect:
    level = attributes.get("level", "moderate")
    if level not in _EMPHASES:
        return _refuse("emphasis", level, f"expected one of {', '.join(_EMPHASES)}")
    return TagEffect(Span(0, 0, emphasis="" if level == "none" else level))


def _say_as(attributes: Attributes) -> TagEffect:
    kind, details = attributes.get("interpret-as", ""), attributes.get("format", "")
    if not kind:
        return _refuse("say-as", "", "the attribute interpret-as is missing or empty")
    said = f"{kind}:{details}" if details else kind
    return TagEffect(Span(0, 0, say_as=said[:_SHOWN_CHARS]))


def _phoneme(attributes: Attributes) -> TagEffect:
    said, alphabet = attributes.get("ph", "").strip(), attributes.get("alphabet", "ipa")
    if not said:
        return _refuse("phoneme", alphabet, "the attribute ph is missing or empty")
    if alphabet not in set(PhoneticAlphabet):
        return _refuse("phoneme", f"{alphabet} {said}", f"known alphabets: {', '.join(PhoneticAlphabet)}")
    return TagEffect(Span(0, 0, pronunciation=Pronunciation("", said, PhoneticAlphabet(alphabet))))


def _sub(attributes: Attributes) -> TagEffect:
    alias = attributes.get("alias", "").strip()
    if not alias:
        return _refuse("sub", "", "the attribute alias is missing or empty")
    return TagEffect(Span(0, 0, as_is=True), instead=alias)


def _other(tag: str) -> Callable[[Attributes], TagEffect]:
    def asked(attributes: Attributes) -> TagEffect:
        if tag in _QUIET:
            return TagEffect(hidden=True)
        name = next((attributes[key] for key in ("name", "src", "uri") if key in attributes), "")
        shown = f"<{tag[:_SHOWN_CHARS]}{' ' if name else ''}{name[:_SHOWN_CHARS]}>"
        why = _WHY_NOT.get(tag, _UNKNOWN)
        return TagEffect(hidden=tag == "lexicon", losses=(Loss("ssml", shown, "", why),))

    return asked


_TAGS: dict[str, Callable[[Attributes], TagEffect]] = {
    "speak": _plain,
    "p": _plain,
    "s": _plain,
    "lang": _plain,
    "break": _break,
    "prosody": _prosody,
    "emphasis": _emphasis,
    "say-as": _say_as,
    "phoneme": _phoneme,
    "sub": _sub,
}
