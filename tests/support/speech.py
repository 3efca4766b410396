"""Real speech: the corpus of ``support.texts``, said by the embedded voices."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.config.catalogue_file import read_catalogue
from segue.kernel.arms import Arm
from segue.speech.core.speech import NEUTRAL, Pcm, Utterance
from segue.speech.core.text.controls import fit_prosody
from support.embedded import espeak_engine, piper_engine, published_piper_engine
from support.texts import CHINESE, ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segue.speech.ports.engine import Engine

_PIPER_RATES = {1.0: ENGLISH, 0.65: ENGLISH[::3], 1.3: ENGLISH[::2], 2.0: ENGLISH[::7], 0.25: ENGLISH[::11]}
_SENTENCES = [text for text in ENGLISH if len(text) > 25][:12]


@dataclass(frozen=True, slots=True)
class LineAudio:
    """One utterance and what came of it."""

    utterance: Utterance
    pcm: Pcm

    def __str__(self) -> str:
        said = self.utterance
        return f"{said.text[:40]!r} by {said.voice} at {said.rate_ratio:g}, {said.pitch_semitones:+g} semitones"


def spoken_by_espeak() -> list[LineAudio]:
    """All texts, by all characters of the embedded profile."""
    engine = espeak_engine()
    catalogue, _ = read_catalogue("embedded")
    return asyncio.run(_say(engine, _as_characters_would(engine, catalogue.characters)))


def spoken_by_piper() -> list[LineAudio]:
    engine = published_piper_engine()
    voice = engine.voices()[0]
    utterances = [
        Utterance(text, voice.name, voice.locale, rate) for rate, texts in _PIPER_RATES.items() for text in texts
    ]
    return asyncio.run(_say(engine, utterances))


def _as_characters_would(engine: Engine, keys: Iterable[str]) -> Iterator[Utterance]:
    catalogue, _ = read_catalogue("embedded")
    for key in keys:
        deliveries = catalogue.characters[key].deliveries[Arm.BASELINE]
        for delivery, texts in zip(deliveries, (ENGLISH, CHINESE), strict=True):
            voice = engine.voice(delivery.voice)
            fitted = fit_prosody(delivery, NEUTRAL, voice.capabilities)
            for text in texts:
                yield Utterance(
                    text, voice.name, voice.locale, fitted.rate_ratio, fitted.pitch_semitones, character_key=key
                )


async def _say(engine: Engine, utterances: Iterable[Utterance]) -> list[LineAudio]:
    await engine.start()
    try:
        asked = list(utterances)
        answers = await asyncio.gather(*(engine.synthesize(utterance) for utterance in asked))
    finally:
        await engine.close()
    return [LineAudio(utterance, pcm) for utterance, pcm in zip(asked, answers, strict=True)]


def a_few_sentences() -> dict[str, list[Pcm]]:
    """Twelve English texts of more than a word by each of the embedded engines, at the voices' own pace."""
    engines: dict[str, Engine] = {"espeak": espeak_engine(), "piper": piper_engine()}
    said = {}
    for name, engine in engines.items():
        voice = next(voice for voice in engine.voices() if voice.locale.startswith("en"))
        utterances = [Utterance(text, voice.name, voice.locale) for text in _SENTENCES]
        said[name] = [spoken.pcm for spoken in asyncio.run(_say(engine, utterances))]
    return said
