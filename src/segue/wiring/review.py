"""What a configuration would do, found out without serving anyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.config.catalogue_file import read_catalogue
from segue.config.pronunciations_file import read_pronunciations
from segue.core.errors import ConfigurationError, SegueError, Unsupported
from segue.core.speech import NEUTRAL, Arm, Loss
from segue.core.text.controls import Emulation, fit_prosody
from segue.core.text.language import accent_losses
from segue.engines import registry

if TYPE_CHECKING:
    from segue.config.schema import Settings
    from segue.core.catalogue import Catalogue, Character, Voice
    from segue.ports.engine import Engine


@dataclass(frozen=True, slots=True)
class ArmReview:
    """One character on one arm. ``faults`` must be mended; ``losses`` will be said in every answer.

    ``missing`` are voices that are not there, behind others that are.
    """

    voices: tuple[str, ...]
    losses: tuple[Loss, ...]
    missing: tuple[str, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """The catalogue looked through, voice by voice."""

    catalogue: Catalogue
    characters: dict[str, dict[Arm, ArmReview]]

    @property
    def faults(self) -> list[str]:
        return [
            f"{key}, {arm}: {fault}"
            for key, arms in self.characters.items()
            for arm, review in arms.items()
            for fault in review.faults
        ]


async def review(settings: Settings, *, online: bool) -> Review:
    """Looks at every voice of every character. ``online`` starts the engines and asks them what they serve.

    Raises:
        ConfigurationError: the catalogue is not valid, or an engine cannot be made.
        SegueError: an engine asked online could not answer.
    """
    catalogue, options = read_catalogue(settings.profile)
    read_pronunciations(settings.pronunciations)
    emulation = Emulation(settings.pitch_emulation_max_semitones)
    names = {spec.engine for spec in catalogue.arms.values()}
    engines = {name: registry.create(name, options.get(name, {})) for name in names}
    try:
        if online:
            await _start(engines)
        characters = {
            key: {
                arm: _arm(character, arm, engines[spec.engine], emulation, catalogue.language)
                for arm, spec in catalogue.arms.items()
            }
            for key, character in catalogue.characters.items()
        }
    finally:
        for engine in engines.values():
            await engine.close()
    return Review(catalogue, characters)


async def check_engines(settings: Settings) -> None:
    """Raises ConfigurationError where the catalogue is not valid, or an engine of it cannot be made."""
    catalogue, options = read_catalogue(settings.profile)
    for name in {spec.engine for spec in catalogue.arms.values()}:
        await registry.create(name, options.get(name, {})).close()


async def listed_voices(name: str, settings: Settings) -> list[Voice]:
    """The voices that an engine lists, with the options that the profile gives it."""
    _, options = read_catalogue(settings.profile)
    engine = registry.create(name, options.get(name, {}))
    try:
        return list(engine.voices())
    finally:
        await engine.close()


async def _start(engines: dict[str, Engine]) -> None:
    for engine in engines.values():
        await engine.start()
        health = await engine.health()
        if not health.ready:
            raise ConfigurationError([f"engine {engine.name}: {health.detail}"])


def _arm(character: Character, arm: Arm, engine: Engine, emulation: Emulation, language: str) -> ArmReview:
    """A voice that is not served is a fault only where no other of the arm's voices is."""
    voices: list[str] = []
    losses: list[Loss] = []
    missing: list[str] = []
    for delivery in character.deliveries[arm]:
        try:
            voice = engine.voice(delivery.voice)
        except Unsupported as error:
            missing.append(str(error))
            continue
        except SegueError as error:
            return ArmReview((), (), (), (str(error),))
        voices.append(voice.label)
        losses += fit_prosody(delivery, NEUTRAL, voice.capabilities, emulation).losses
        losses += accent_losses(language, voice)
    unique = tuple(dict.fromkeys(losses))
    if not voices:
        return ArmReview((), unique, (), tuple(missing))
    return ArmReview(tuple(voices), unique, tuple(missing), ())
