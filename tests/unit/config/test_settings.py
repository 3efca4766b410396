"""Settings from the environment and a file: every name, every fault at once, each at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.config.load import load_settings
from segue.config.names import env_name
from segue.config.schema import Settings
from segue.kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ)
    return list(caught.value.faults)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "segue.yaml"


def written(file: Path, content: str) -> dict[str, str]:
    file.write_text(content, encoding="utf-8")
    return {"SEGUE_CONFIG": str(file)}


def test_without_any_setting_all_goes_to_the_baseline() -> None:
    settings = load_settings({}).settings

    assert settings.chirp3_enabled is False
    assert settings.chirp3_rollout_percentage == 0.0
    assert settings.chirp3_enabled_characters == ()
    assert settings.chirp3_fallback_to_wavenet is True
    assert settings.profile == "embedded"


def test_the_four_old_variables_keep_their_names_and_meanings() -> None:
    settings = load_settings(
        {
            "CHIRP3_ENABLED": "true",
            "CHIRP3_ROLLOUT_PERCENTAGE": "12.5",
            "CHIRP3_ENABLED_CHARACTERS": "pip_boy, vault_dweller ,wasteland_trader,",
            "CHIRP3_FALLBACK_TO_WAVENET": "false",
        }
    ).settings

    assert settings.chirp3_enabled is True
    assert settings.chirp3_rollout_percentage == 12.5
    assert settings.chirp3_enabled_characters == ("pip_boy", "vault_dweller", "wasteland_trader")
    assert settings.chirp3_fallback_to_wavenet is False


@pytest.mark.parametrize("field", list(Settings.model_fields))
def test_every_setting_has_a_variable_and_a_description(field: str) -> None:
    prefix = "CHIRP3_" if field.startswith("chirp3_") else "SEGUE_"

    assert env_name(field).startswith(prefix)
    assert env_name(field) == env_name(field).upper()
    assert len(str(Settings.model_fields[field].description)) > 10


@pytest.mark.parametrize("said", ["true", "True", "TRUE", "1", "yes", "on"])
def test_yes_is_said_in_many_ways(said: str) -> None:
    assert load_settings({"CHIRP3_ENABLED": said}).settings.chirp3_enabled is True


@pytest.mark.parametrize("said", ["false", "False", "FALSE", "0", "no", "off"])
def test_so_is_no(said: str) -> None:
    assert load_settings({"CHIRP3_ENABLED": said}).settings.chirp3_enabled is False


@pytest.mark.parametrize("blank", ["", "  "])
def test_an_empty_variable_is_no_variable(blank: str) -> None:
    loaded = load_settings({"CHIRP3_ENABLED": blank, "SEGUE_PORT": blank})

    assert loaded.settings == Settings()
    assert loaded.from_environment == frozenset()


def test_what_the_environment_named_is_remembered() -> None:
    loaded = load_settings({"CHIRP3_ENABLED": "false", "SEGUE_PORT": "9000"})

    assert loaded.from_environment == {"chirp3_enabled", "port"}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CHIRP3_ENABLE", "did you mean CHIRP3_ENABLED?"),
        ("CHIRP3_ROLLOUT_PERCENT", "did you mean CHIRP3_ROLLOUT_PERCENTAGE?"),
        ("SEGUE_PROT", "did you mean SEGUE_PORT?"),
        ("SEGUE_SOMETHING_ELSE_ALTOGETHER", "unset it; `segue check --settings` then lists all settings"),
    ],
)
def test_an_unknown_variable_is_a_fault_with_a_hint(name: str, hint: str) -> None:
    assert faults({name: "true"}) == [f"environment: {name}: no such setting; {hint}"]


def test_variables_of_others_are_none_of_our_affair() -> None:
    assert load_settings({"PATH": "/bin", "CHIRP": "x", "METRICS_URL": "http://x"}).settings == Settings()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CHIRP3_ENABLED", "perhaps", "boolean"),
        ("CHIRP3_ROLLOUT_PERCENTAGE", "101", "less than or equal to 100"),
        ("CHIRP3_ROLLOUT_PERCENTAGE", "-1", "greater than or equal to 0"),
        ("CHIRP3_ROLLOUT_PERCENTAGE", "nan", "finite number"),
        ("CHIRP3_ROLLOUT_PERCENTAGE", "50%", "number"),
        ("SEGUE_CACHE_MAX_AGE_S", "inf", "finite number"),
        ("SEGUE_PORT", "65536", "65535"),
        ("SEGUE_WORKERS", "0", "greater than or equal to 1"),
        ("SEGUE_ROLLOUT_ID", "with space", "match"),
        ("SEGUE_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_wrong_value_is_named_with_its_variable(name: str, value: str, message: str) -> None:
    (fault,) = faults({name: value})

    assert fault.startswith(f"environment: {name}={value!r}: ")
    assert message in fault


def test_all_faults_are_told_at_once(file: Path, tmp_path: Path) -> None:
    environ = written(file, "port: many\nhots: 0.0.0.0\n") | {
        "CHIRP3_ENABLED": "perhaps",
        "SEGUE_WORKRES": "2",
        "SEGUE_ROLLOUT_FILE": str(tmp_path / "nowhere.env"),
    }
    found = faults(environ)

    assert len(found) == 5
    for part in ("port", "hots", "CHIRP3_ENABLED", "SEGUE_WORKERS", "nowhere.env"):
        assert any(part in fault for fault in found), part


def test_a_file_is_read_where_it_is_named(file: Path) -> None:
    environ = written(
        file,
        "# staging\nport: 9000\nchirp3_enabled_characters: [pip_boy, ghoul]\nchirp3_rollout_percentage: 2.5\n",
    )
    settings = load_settings(environ).settings

    assert settings.port == 9000
    assert settings.chirp3_enabled_characters == ("pip_boy", "ghoul")
    assert settings.chirp3_rollout_percentage == 2.5


def test_the_environment_beats_the_file(file: Path) -> None:
    environ = written(file, "port: 9000\nhost: 0.0.0.0\n") | {"SEGUE_PORT": "9001"}
    loaded = load_settings(environ)

    assert (loaded.settings.port, loaded.settings.host) == (9001, "0.0.0.0")
    assert loaded.from_environment == {"port"}


def test_a_fault_in_the_file_has_its_line(file: Path) -> None:
    environ = written(file, "# staging\nhost: 0.0.0.0\n\nport: many\nworkers: 0\n")

    assert [fault.partition(": Input")[0] for fault in faults(environ)] == [
        f"{file}:4: port",
        f"{file}:5: workers",
    ]


def test_an_unknown_key_in_the_file_is_a_fault(file: Path) -> None:
    assert faults(written(file, "port: 9000\nprot: 9001\n")) == [f"{file}:2: prot: unknown key"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("port: [9000\n", "not valid YAML"),
        ("port: 1\nport: 2\n", "not valid YAML"),
        ("- port\n- 9000\n", "not a settings file; write one setting per line"),
        ("just words\n", "not a settings file; write one setting per line"),
    ],
)
def test_a_file_that_is_none_is_one_fault(file: Path, content: str, message: str) -> None:
    (fault,) = faults(written(file, content))

    assert fault.startswith(f"{file}:")
    assert message in fault


def test_a_file_that_is_not_there_is_a_fault(file: Path) -> None:
    assert faults({"SEGUE_CONFIG": str(file)}) == [f"{file}: cannot be read: No such file or directory"]


def test_a_file_in_another_encoding_is_a_fault(file: Path) -> None:
    file.write_bytes(b"host: caf\xe9\n")

    assert faults({"SEGUE_CONFIG": str(file)}) == [f"{file}: is not UTF-8 (byte 9)"]


def test_an_empty_file_sets_nothing(file: Path) -> None:
    assert load_settings(written(file, "# nothing yet\n")).settings == Settings()


def test_the_rollout_file_beats_both_for_its_four_names(file: Path, tmp_path: Path) -> None:
    rollout = tmp_path / "rollout.env"
    rollout.write_text(
        "# raised by ann\nCHIRP3_ENABLED=true\nexport CHIRP3_ROLLOUT_PERCENTAGE=50\n", encoding="utf-8"
    )
    environ = written(file, f"rollout_file: {rollout}\nchirp3_rollout_percentage: 10\n") | {
        "CHIRP3_ROLLOUT_PERCENTAGE": "25"
    }
    settings = load_settings(environ).settings

    assert settings.chirp3_enabled is True
    assert settings.chirp3_rollout_percentage == 50.0


@pytest.mark.parametrize(
    ("here", "there", "enabled", "locked_off", "source"),
    [
        ("false", "true", False, True, "environment"),
        ("false", "false", False, True, "environment"),
        ("off", "", False, True, "environment"),
        ("true", "false", False, False, "rollout file"),
        ("", "false", False, False, "rollout file"),
        ("true", "true", True, False, "rollout file"),
        ("", "true", True, False, "rollout file"),
    ],
)
def test_off_beats_on_whichever_of_the_environment_and_the_rollout_file_says_it(
    here: str, there: str, enabled: bool, locked_off: bool, source: str, tmp_path: Path
) -> None:
    rollout = tmp_path / "rollout.env"
    rollout.write_text(f"CHIRP3_ENABLED={there}\nCHIRP3_ROLLOUT_PERCENTAGE=50\n", encoding="utf-8")
    loaded = load_settings({"SEGUE_ROLLOUT_FILE": str(rollout), "CHIRP3_ENABLED": here})

    assert loaded.settings.chirp3_enabled is enabled
    assert loaded.locked_off is locked_off
    assert loaded.sources["chirp3_enabled"] == source
    assert loaded.settings.chirp3_rollout_percentage == 50


def test_off_in_the_environment_beats_an_empty_line_of_the_rollout_file(file: Path, tmp_path: Path) -> None:
    rollout = tmp_path / "rollout.env"
    rollout.write_text("CHIRP3_ENABLED=\n", encoding="utf-8")
    environ = written(file, f"rollout_file: {rollout}\nchirp3_enabled: true\n") | {"CHIRP3_ENABLED": "false"}

    assert load_settings(environ).locked_off


def test_a_misspelt_off_is_a_fault_even_if_the_other_says_on(tmp_path: Path) -> None:
    rollout = tmp_path / "rollout.env"
    named = {"SEGUE_ROLLOUT_FILE": str(rollout)}
    rollout.write_text("CHIRP3_ENABLED=true\n", encoding="utf-8")
    (in_environment,) = faults(named | {"CHIRP3_ENABLED": "falze"})
    rollout.write_text("CHIRP3_ENABLED=falze\n", encoding="utf-8")
    (in_file,) = faults(named | {"CHIRP3_ENABLED": "false"})

    assert in_environment.startswith("environment: CHIRP3_ENABLED='falze': ")
    assert in_file.startswith("rollout file: CHIRP3_ENABLED='falze': ")


def test_the_rollout_file_sets_nothing_else(tmp_path: Path) -> None:
    rollout = tmp_path / "rollout.env"
    rollout.write_text("CHIRP3_ENABLED=true\nSEGUE_PORT=1\nPATH=/tmp\n", encoding="utf-8")
    found = faults({"SEGUE_ROLLOUT_FILE": str(rollout)})

    assert [fault.partition(": not allowed")[0] for fault in found] == [
        f"{rollout}: SEGUE_PORT",
        f"{rollout}: PATH",
    ]


def test_a_wrong_value_in_the_rollout_file_is_not_blamed_on_the_environment(tmp_path: Path) -> None:
    rollout = tmp_path / "rollout.env"
    rollout.write_text("CHIRP3_ROLLOUT_PERCENTAGE=half\n", encoding="utf-8")
    (fault,) = faults({"SEGUE_ROLLOUT_FILE": str(rollout), "CHIRP3_ROLLOUT_PERCENTAGE": "10"})

    assert fault.startswith("rollout file: CHIRP3_ROLLOUT_PERCENTAGE='half': ")


def test_a_rollout_file_in_another_encoding_is_a_fault(tmp_path: Path) -> None:
    rollout = tmp_path / "rollout.env"
    rollout.write_bytes(b"CHIRP3_ENABLED=tru\xe9\n")

    assert faults({"SEGUE_ROLLOUT_FILE": str(rollout)}) == [f"{rollout}: is not UTF-8 (byte 18)"]


def test_the_operators_token_is_not_shown_with_the_settings() -> None:
    settings = load_settings({"SEGUE_ADMIN_TOKEN": "hunter2"}).settings

    assert "hunter2" not in repr(settings)
    assert settings.admin_token is not None
    assert settings.admin_token.get_secret_value() == "hunter2"


def test_settings_do_not_change_once_loaded() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings({}).settings.port = 1


def test_the_variable_of_the_commands_may_stand_beside_the_settings() -> None:
    assert load_settings({"SEGUE_URL": "http://127.0.0.1:8000"}).settings == load_settings({}).settings
