"""What each tag of SSML asks for, by its attributes; and why it cannot be done where it cannot."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.core.speech import Loss, Pause, PhoneticAlphabet, Pronunciation, Span
from segue.core.text import prosody
from segue.core.text.marks import LONGEST_PAUSE_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Attributes = Mapping[str, str]

LANGUAGE = "xml:lang"
NOTHING = Span(0, 0)

_BCP_47 = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,4}")
_EMPHASES = ("strong", "moderate", "reduced", "none")
_QUIET = frozenset({"desc", "metadata", "meta"})
"""Nothing that one could hear, so nothing is lost; their text is for readers."""
_WHY_NOT = {
    "voice": "the character decides who speaks",
    "audio": "recordings are not played; its own text is spoken",
    "mark": "no events are sent",
    "lexicon": "nothing is fetched from outside; send custom pronunciations",
}
_UNKNOWN = "this tag is not understood; its text is spoken"
_SHOWN_CHARS = 64

_PROSODY: dict[str, tuple[str, Callable[[str], float | None]]] = {
    "rate": ("rate_ratio", prosody.rate_ratio),
    "pitch": ("pitch_semitones", prosody.pitch_semitones),
    "volume": ("volume_ratio", prosody.volume_ratio),
}


class Asked(NamedTuple):
    """``span`` and ``pause`` without their places; ``instead`` is said for all that the element holds, ``hidden``
    is said of it not at all.
    """

    span: Span = NOTHING
    pause: Pause | None = None
    instead: str = ""
    hidden: bool = False
    losses: tuple[Loss, ...] = ()


def asked_by(tag: str, attributes: Attributes) -> Asked:
    """What the element asks for, whatever it is; ``<speak>`` itself, like ``<p>`` and ``<s>``, for nothing."""
    found = _TAGS.get(tag, _other(tag))(attributes)
    language = attributes.get(LANGUAGE)
    if not language:
        return found
    if _BCP_47.fullmatch(language) is None:
        return found._replace(losses=(*found.losses, _lost("language", language, "it is no BCP 47 tag")))
    return found._replace(span=replace(found.span, language=language))


def _lost(control: str, wanted: str, why: str, applied: str = "") -> Loss:
    return Loss(control[:_SHOWN_CHARS], wanted[:_SHOWN_CHARS], applied, why)


def _refuse(control: str, wanted: str, why: str) -> Asked:
    return Asked(losses=(_lost(control, wanted, why),))


def _plain(_: Attributes) -> Asked:
    return Asked()


def _break(attributes: Attributes) -> Asked:
    if "time" not in attributes:
        strength = attributes.get("strength", "medium")
        return _a_pause(prosody.break_of(0, strength), strength)
    time = attributes["time"]
    length_ms = prosody.time_ms(time.strip())
    if length_ms is None or length_ms <= LONGEST_PAUSE_MS:
        return _a_pause(None if length_ms is None else Pause(0, length_ms), time)
    why = f"a pause lasts up to {LONGEST_PAUSE_MS // 1000} s"
    loss = _lost("pause", f"{length_ms} ms", why, f"{LONGEST_PAUSE_MS} ms")
    return Asked(pause=Pause(0, LONGEST_PAUSE_MS), losses=(loss,))


def _a_pause(pause: Pause | None, wanted: str) -> Asked:
    if pause is None:
        return _refuse("pause", wanted, "a break has a time, as 500ms or 1.5s, or a strength")
    return Asked(pause=pause)


def _prosody(attributes: Attributes) -> Asked:
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
    return Asked(Span(0, 0, **asked), losses=tuple(losses))


def _emphasis(attributes: Attributes) -> Asked:
    level = attributes.get("level", "moderate")
    if level not in _EMPHASES:
        return _refuse("emphasis", level, f"it is one of {', '.join(_EMPHASES)}")
    return Asked(Span(0, 0, emphasis="" if level == "none" else level))


def _say_as(attributes: Attributes) -> Asked:
    kind, details = attributes.get("interpret-as", ""), attributes.get("format", "")
    if not kind:
        return _refuse("say-as", "", "it has no interpret-as")
    said = f"{kind}:{details}" if details else kind
    return Asked(Span(0, 0, say_as=said[:_SHOWN_CHARS]))


def _phoneme(attributes: Attributes) -> Asked:
    said, alphabet = attributes.get("ph", "").strip(), attributes.get("alphabet", "ipa")
    if not said:
        return _refuse("phoneme", alphabet, "it has no ph")
    if alphabet not in set(PhoneticAlphabet):
        return _refuse("phoneme", f"{alphabet} {said}", f"known alphabets: {', '.join(PhoneticAlphabet)}")
    return Asked(Span(0, 0, pronunciation=Pronunciation("", said, PhoneticAlphabet(alphabet))))


def _sub(attributes: Attributes) -> Asked:
    alias = attributes.get("alias", "").strip()
    if not alias:
        return _refuse("sub", "", "it has no alias")
    return Asked(instead=alias)


def _other(tag: str) -> Callable[[Attributes], Asked]:
    def asked(attributes: Attributes) -> Asked:
        if tag in _QUIET:
            return Asked(hidden=True)
        name = next((attributes[key] for key in ("name", "src", "uri") if key in attributes), "")
        shown = f"<{tag[:_SHOWN_CHARS]}{' ' if name else ''}{name[:_SHOWN_CHARS]}>"
        why = _WHY_NOT.get(tag, _UNKNOWN)
        return Asked(hidden=tag == "lexicon", losses=(Loss("ssml", shown, "", why),))

    return asked


_TAGS: dict[str, Callable[[Attributes], Asked]] = {
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
