"""The catalogue as a file: both that come with Segue are right, and a wrong one says where."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from segue.config.catalogue_file import PROFILES, read_catalogue
from segue.kernel.arms import Arm
from segue.kernel.errors import ConfigurationError
from segue.speech.core.catalogue import Delivery

if TYPE_CHECKING:
    from pathlib import Path

    from segue.speech.ports.engine import Engine


class Design(NamedTuple):
    """One line of the specification's list of characters."""

    wavenet: str
    star: str
    pitch: float
    rate: float


CHARACTERS = {
    "super_mutant": Design("C", "Algenib", -12, 0.65),
    "brotherhood_paladin": Design("C", "Alnilam", -8, 0.75),
    "legion_centurion": Design("C", "Enceladus", -10, 0.7),
    "ghoul": Design("B", "Fenrir", -6, 0.8),
    "wasteland_trader": Design("B", "Achird", -4, 0.9),
    "ncr_ranger": Design("B", "Iapetus", -5, 0.85),
    "pip_boy": Design("B", "Puck", 0, 1.0),
    "minuteman": Design("B", "Schedar", -2, 0.95),
    "vault_dweller": Design("A", "Aoede", 4, 1.1),
    "railroad_agent": Design("A", "Leda", 3, 1.15),
    "brotherhood_scribe": Design("A", "Callirrhoe", 5, 1.05),
    "codsworth": Design("B", "Sadaltager", 8, 1.25),
    "raider": Design("B", "Rasalgethi", -3, 1.3),
    "institute_scientist": Design("A", "Kore", 6, 1.15),
}

SMALL = """\
version: 1
profile: small
language: en-US
default_character: ghoul
arms:
  baseline: {engine: espeak, model: espeak-ng}
  candidate: {engine: piper, model: piper}
characters:
  ghoul:
    name: Ghoul
    pitch: -6
    rate: 0.8
    baseline: [en-us+m4, {voice: cmn+m4, pitch: 0, rate: 1}]
    candidate: {voice: joe, pitch: -3}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "small.yaml"


def faults(file: Path, content: str) -> list[str]:
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_catalogue(str(file))
    return list(caught.value.faults)


def line_of(content: str, key: str) -> int:
    return next(number for number, line in enumerate(content.splitlines(), 1) if key in line)


@pytest.mark.parametrize("profile", PROFILES)
def test_both_profiles_hold_exactly_the_fourteen_characters(profile: str) -> None:
    catalogue, _ = read_catalogue(profile)

    assert set(catalogue.characters) == set(CHARACTERS)
    assert len(CHARACTERS) == 14
    assert catalogue.default_character in CHARACTERS


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("key", CHARACTERS)
def test_each_character_has_its_pitch_and_rate_on_both_arms(profile: str, key: str) -> None:
    catalogue, _ = read_catalogue(profile)
    design = CHARACTERS[key]

    for arm in Arm:
        deliveries = catalogue.characters[key].deliveries[arm]
        assert deliveries
        assert {(said.pitch_semitones, said.rate_ratio) for said in deliveries} == {(design.pitch, design.rate)}


@pytest.mark.parametrize("key", CHARACTERS)
def test_each_character_has_its_google_voices(key: str) -> None:
    catalogue, _ = read_catalogue("google")
    deliveries = catalogue.characters[key].deliveries
    design = CHARACTERS[key]

    assert [said.voice for said in deliveries[Arm.BASELINE]] == [f"cmn-TW-Wavenet-{design.wavenet}"]
    assert [said.voice for said in deliveries[Arm.CANDIDATE]] == [
        f"cmn-TW-Chirp3-HD-{design.star}",
        f"cmn-CN-Chirp3-HD-{design.star}",
    ]


@pytest.mark.embedded
def test_every_embedded_voice_is_one_that_its_engine_has() -> None:
    from support.embedded import espeak_engine, kokoro_engine, piper_engine

    engines: dict[str, Engine] = {"espeak": espeak_engine(), "piper": piper_engine(), "kokoro": kokoro_engine()}
    catalogue, _ = read_catalogue("embedded")

    for character in catalogue.characters.values():
        for arm, deliveries in character.deliveries.items():
            for said in deliveries:
                assert engines[catalogue.engine_of(arm, said)].voice(said.voice).name == said.voice


def test_each_character_has_a_candidate_of_its_own_in_mandarin() -> None:
    catalogue, _ = read_catalogue("embedded")
    voices = [
        said.voice
        for character in catalogue.characters.values()
        for said in character.deliveries[Arm.CANDIDATE]
        if said.engine == "kokoro"
    ]

    assert len({frozenset(voice.split("+")) for voice in voices}) == len(voices) == 14


def test_the_arms_say_what_is_really_heard() -> None:
    embedded, _ = read_catalogue("embedded")
    google, _ = read_catalogue("google")

    assert [embedded.arms[arm].model for arm in Arm] == ["espeak-ng", "neural"]
    assert [google.arms[arm].model for arm in Arm] == ["wavenet", "chirp3-hd"]


def test_the_default_quotas_are_the_vendors_and_dated() -> None:
    google, _ = read_catalogue("google")
    wavenet, chirp = google.quotas["google", "wavenet"], google.quotas["google", "chirp3-hd"]

    assert (wavenet.requests_per_minute, chirp.requests_per_minute) == (1000, 200)
    assert wavenet.as_of
    assert chirp.source.startswith("https://")


@pytest.mark.parametrize("profile", PROFILES)
def test_every_alias_leads_to_a_character(profile: str) -> None:
    catalogue, _ = read_catalogue(profile)

    assert {"alloy", "nova", "onyx", "shimmer"} <= set(catalogue.aliases)
    assert all(catalogue.character(alias) for alias in catalogue.aliases)


def test_a_delivery_may_be_a_name_or_differ_from_the_characters_design(file: Path) -> None:
    file.write_text(SMALL, encoding="utf-8")
    catalogue, _ = read_catalogue(str(file))
    ghoul = catalogue.character("ghoul")

    assert ghoul.deliveries[Arm.BASELINE] == (Delivery("en-us+m4", -6, 0.8), Delivery("cmn+m4", 0, 1))
    assert ghoul.deliveries[Arm.CANDIDATE] == (Delivery("joe", -3, 0.8),)


def test_options_of_engines_come_as_plain_values(file: Path) -> None:
    """The reader's own kinds of number remember how they were written; an engine would refuse them."""
    file.write_text(
        SMALL
        + "engines: {piper: {threads: 0x2, timeout_s: 2.50, models: {joe: 'a'}, strict: true, more: [1_000]}}\n",
        encoding="utf-8",
    )
    _, options = read_catalogue(str(file))

    assert options == {
        "piper": {"threads": 2, "timeout_s": 2.5, "models": {"joe": "a"}, "strict": True, "more": [1000]}
    }
    kinds = {name: type(value) for name, value in options["piper"].items()}
    assert kinds == {"threads": int, "timeout_s": float, "models": dict, "strict": bool, "more": list}


@pytest.mark.parametrize(
    ("right", "wrong", "key", "message"),
    [
        ("    rate: 0.8", "    rate: 9", "characters.ghoul.rate", "less than or equal to 4"),
        ("    pitch: -6", "    pitch: low", "characters.ghoul.pitch", "valid number"),
        ("    name: Ghoul", "    nmae: Ghoul", "characters.ghoul.nmae", "unknown key"),
        ("version: 1", "version: 2", "version", "less than or equal to 1"),
        ("default_character: ghoul", "default_character: nobody", "default_character", "unknown character"),
        (
            "    candidate: {voice: joe, pitch: -3}",
            "    candidate: []",
            "characters.ghoul.candidate",
            "at least 1",
        ),
        ("model: piper}", "model: 'a b'}", "arms.candidate.model", "match"),
    ],
)
def test_a_fault_is_told_with_file_line_and_key(
    file: Path, right: str, wrong: str, key: str, message: str
) -> None:
    content = SMALL.replace(right, wrong)
    found = faults(file, content)

    place = f"{file}:{line_of(content, wrong.strip())}: {key}: "
    assert any(fault.startswith(place) and message in fault for fault in found), found


def test_what_is_missing_is_told_at_the_line_that_should_hold_it(file: Path) -> None:
    content = SMALL.replace("    name: Ghoul\n", "")

    assert faults(file, content) == [
        f"{file}:{line_of(content, '  ghoul:')}: characters.ghoul.name: Field required"
    ]


def test_all_faults_are_told_at_once(file: Path) -> None:
    content = SMALL.replace("version: 1", "version: 7").replace("rate: 0.8", "rate: 9").replace("joe", "[]")

    assert len(faults(file, content)) == 3


def test_loose_ends_are_found(file: Path) -> None:
    content = SMALL + ("aliases:\n  onyx: nobody\n  ghoul: ghoul\nquotas:\n  wavenet: {requests_per_minute: 5}\n")

    def at(key: str) -> str:
        return f"{file}:{line_of(content, key)}"

    assert faults(file, content) == [
        f"{at('onyx')}: aliases.onyx: unknown character 'nobody'",
        f"{at('ghoul: ghoul')}: aliases.ghoul: a character has this name; rename the alias",
        f"{at('wavenet')}: quotas.wavenet: invalid quota name; expected engine/family, for example google/wavenet",
    ]


def test_a_profile_that_is_no_file_is_a_fault() -> None:
    with pytest.raises(ConfigurationError, match="nowhere: cannot be read"):
        read_catalogue("nowhere")
