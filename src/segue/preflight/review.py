"""Reviews a configuration without starting a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.config.catalogue_file import read_catalogue
from segue.config.pronunciations_file import read_pronunciations
from segue.kernel.arms import Arm
from segue.kernel.errors import ConfigurationError, SegueError, Unsupported
from segue.speech.core.speech import NEUTRAL, Loss
from segue.speech.core.text.controls import Emulation, fit_prosody
from segue.speech.core.text.language import accent_losses
from segue.wiring.engines import engines_of, one_engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.config.schema import Settings
    from segue.speech.core.catalogue import Catalogue, Character, Delivery, Voice
    from segue.speech.ports.engine import Engine


@dataclass(frozen=True, slots=True)
class ArmReview:
    """One character on one arm.

    ``faults`` must be corrected. ``losses`` become warnings in every response. ``missing`` lists voices that the
    engine does not have while another voice of the character is available. ``backups`` are used if a voice fails.
    """

    voices: tuple[str, ...]
    losses: tuple[Loss, ...]
    missing: tuple[str, ...]
    faults: tuple[str, ...]
    backups: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """The voices, and their backups."""
        behind = f" (backup: {', '.join(self.backups)})" if self.backups else ""
        return f"{', '.join(self.voices)}{behind}"


@dataclass(frozen=True, slots=True)
class Review:
    """The review of each character of a catalogue on each arm."""

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
    """Looks up every voice of every character. With ``online``, the engines are started and queried.

    Raises:
        ConfigurationError: the catalogue is not valid, or an engine cannot be created.
        SegueError: an engine that was queried online did not answer.
    """
    catalogue, options = read_catalogue(settings.profile)
    read_pronunciations(settings.pronunciations)
    emulation = Emulation(settings.pitch_emulation_max_semitones)
    engines = engines_of(settings.profile, catalogue, options)
    try:
        if online:
            await _start(engines)
        characters = {
            key: {arm: _arm(catalogue, engines, (character, arm), emulation) for arm in catalogue.arms}
            for key, character in catalogue.characters.items()
        }
    finally:
        for engine in engines.values():
            await engine.close()
    return Review(catalogue, characters)


async def check_engines(settings: Settings) -> None:
    """Raises ConfigurationError if the catalogue is not valid, or one of its engines cannot be created."""
    catalogue, options = read_catalogue(settings.profile)
    for engine in engines_of(settings.profile, catalogue, options).values():
        await engine.close()


async def listed_voices(name: str, settings: Settings) -> list[Voice]:
    """The voices that an engine lists when it has the options from the profile.

    Raises:
        ConfigurationError: the catalogue is not valid, there is no such engine, or it cannot be created.
    """
    catalogue, options = read_catalogue(settings.profile)
    engine = one_engine(name, catalogue, options)
    try:
        return list(engine.voices())
    finally:
        await engine.close()


async def _start(engines: dict[str, Engine]) -> None:
    for name, engine in engines.items():
        await engine.start()
        health = await engine.health()
        if not health.ready:
            raise ConfigurationError([f"engine {name}: {health.detail}"])


def _arm(
    catalogue: Catalogue, engines: Mapping[str, Engine], whose: tuple[Character, Arm], emulation: Emulation
) -> ArmReview:
    """A voice that its engine does not have is a fault only if the arm has no other voice."""
    character, arm = whose
    first = _LookedUp(catalogue, engines, arm, emulation)
    behind = _LookedUp(catalogue, engines, arm, emulation)
    for delivery in character.deliveries[arm]:
        fault = first.add(delivery) or next((told for one in delivery.backups if (told := behind.add(one))), None)
        if fault is not None:
            return ArmReview((), (), (), (fault,))
    unique = tuple(dict.fromkeys([*first.losses, *behind.losses]))
    missing = (*first.missing, *behind.missing)
    if not first.voices:
        return ArmReview((), unique, (), missing)
    return ArmReview(tuple(first.voices), unique, missing, (), tuple(dict.fromkeys(behind.voices)))


class _LookedUp:
    """Collects the results of looking up deliveries of one arm."""

    def __init__(
        self, catalogue: Catalogue, engines: Mapping[str, Engine], arm: Arm, emulation: Emulation
    ) -> None:
        self.voices: list[str] = []
        self.losses: list[Loss] = []
        self.missing: list[str] = []
        self._catalogue = catalogue
        self._engines = engines
        self._arm = arm
        self._emulation = emulation
        self._several = len(catalogue.engines_of(arm)) > 1

    def add(self, delivery: Delivery) -> str | None:
        """The fault of the delivery's engine, if any.

        A voice that the engine does not have is added to ``missing``.
        """
        name = self._catalogue.engine_of(self._arm, delivery)
        try:
            voice = self._engines[name].voice(delivery.voice)
        except Unsupported as error:
            self.missing.append(str(error))
        except SegueError as error:
            return str(error)
        else:
            self.voices.append(f"{name}: {voice.label}" if self._several else voice.label)
            self.losses += fit_prosody(delivery, NEUTRAL, voice.capabilities, self._emulation).losses
            self.losses += accent_losses(self._catalogue.language, voice)
        return None
