"""Writes utterances as Polly's SSML for the capabilities of its engine. Plain ones need no SSML.

https://docs.aws.amazon.com/polly/latest/dg/supportedtags.html (2026-11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.speech.engines.ssml import element, stretches, written

if TYPE_CHECKING:
    from segue.speech.core.speech import Utterance
    from segue.speech.engines.ssml import Delivered, Stretch


def is_plain(utterance: Utterance) -> bool:
    """Whether it can be sent as plain text, because it has no settings."""
    delivered = (utterance.rate_ratio, utterance.pitch_semitones) != (1.0, 0.0)
    return not (delivered or utterance.pauses or utterance.spans or utterance.pronunciations)


def as_ssml(utterance: Utterance) -> str:
    """The whole document. The text cannot open a tag."""
    return element("speak", {}, "".join(map(_stretch, stretches(utterance))))


def _stretch(stretch: Stretch) -> str:
    content = "".join(map(written, stretch.parts))
    delivered = stretch.delivered
    if delivered.emphasis:
        content = element("emphasis", {"level": delivered.emphasis}, content)
    prosody = _prosody(delivered)
    if prosody:
        content = element("prosody", prosody, content)
    return element("lang", {"xml:lang": delivered.language}, content) if delivered.language else content


def _prosody(delivered: Delivered) -> dict[str, str]:
    asked = {}
    if delivered.rate_ratio != 1.0:
        asked["rate"] = f"{delivered.rate_ratio * 100:.0f}%"
    if delivered.pitch_semitones:
        asked["pitch"] = f"{(2 ** (delivered.pitch_semitones / 12) - 1) * 100:+.1f}%"
    return asked
