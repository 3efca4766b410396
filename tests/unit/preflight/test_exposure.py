"""Settings that open the service further than was likely meant."""

from __future__ import annotations

import pytest

from segue.config.load import load_settings
from segue.kernel.errors import ConfigurationError
from segue.preflight.exposure import check_open_ports, check_token, exposure_doubts

_STRONG = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


def doubts(**settings: str) -> list[str]:
    return list(exposure_doubts(load_settings(settings).settings))


def test_the_usual_settings_leave_no_doubt() -> None:
    assert doubts() == []
    assert doubts(SEGUE_HOST="0.0.0.0", SEGUE_ADMIN_TOKEN=_STRONG) == []
    assert doubts(SEGUE_FAULT_INJECTION="true", SEGUE_ADMIN_TOKEN=_STRONG) == []


@pytest.mark.parametrize("token", ["zq", "fifteen-chars--", "aaaaaaaaaaaaaaaaaaaaaaaa"])
def test_a_token_that_can_be_guessed_is_pointed_out(token: str) -> None:
    (doubt,) = doubts(SEGUE_ADMIN_TOKEN=token)
    assert "it can be guessed" in doubt
    assert "openssl rand -hex 32" in doubt
    assert token not in doubt


def test_what_others_can_reach_is_pointed_out() -> None:
    token, faults = doubts(SEGUE_HOST="0.0.0.0", SEGUE_ADMIN_TOKEN="x", SEGUE_FAULT_INJECTION="true")
    assert "guessed by anyone who can reach 0.0.0.0" in token
    assert faults.startswith("SEGUE_FAULT_INJECTION=true on 0.0.0.0")


@pytest.mark.parametrize(
    ("token", "told"),
    [(" a-token-of-some-length", "white space"), ("a-token\x07of-some-length", "unprintable character")],
)
def test_a_token_that_no_client_could_send_is_a_fault(token: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        check_token(load_settings({"SEGUE_ADMIN_TOKEN": token}).settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"SEGUE_HOST": "::1"},
        {"SEGUE_HOST": "localhost", "SEGUE_WYOMING_PORT": "10200"},
        {"SEGUE_HOST": "0.0.0.0", "SEGUE_AUTH": "keys"},
        {"SEGUE_HOST": "0.0.0.0", "SEGUE_AUTH": "keys", "SEGUE_WYOMING_PORT": "10200"},
        {"SEGUE_HOST": "0.0.0.0", "SEGUE_AUTH_OFF_BEYOND_LOOPBACK": "yes"},
        {
            "SEGUE_HOST": "0.0.0.0",
            "SEGUE_AUTH": "keys",
            "SEGUE_WYOMING_PORT": "10200",
            "SEGUE_WYOMING_HOST": "127.0.0.1",
            "SEGUE_WYOMING_AUTH": "off",
        },
    ],
)
def test_who_listens_here_alone_or_requires_keys_or_says_so_may_start(settings: dict[str, str]) -> None:
    check_open_ports(load_settings(settings).settings)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"SEGUE_HOST": "0.0.0.0"}, ["SEGUE_AUTH=off on 0.0.0.0"]),
        ({"SEGUE_HOST": "::", "SEGUE_AUTH": "off"}, ["SEGUE_AUTH=off on ::"]),
        ({"SEGUE_HOST": "tts.example.com"}, ["SEGUE_AUTH=off on tts.example.com"]),
        (
            {"SEGUE_WYOMING_PORT": "10200", "SEGUE_WYOMING_HOST": "192.0.2.1"},
            ["SEGUE_WYOMING_AUTH=off on 192.0.2.1"],
        ),
        (
            {
                "SEGUE_HOST": "0.0.0.0",
                "SEGUE_AUTH": "keys",
                "SEGUE_WYOMING_PORT": "10200",
                "SEGUE_WYOMING_AUTH": "off",
            },
            ["SEGUE_WYOMING_AUTH=off on 0.0.0.0"],
        ),
    ],
)
def test_an_open_port_beyond_this_machine_is_a_fault(settings: dict[str, str], told: list[str]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_open_ports(load_settings(settings).settings)
    for fault, begins in zip(raised.value.faults, told, strict=True):
        assert fault.startswith(f"{begins}: everyone who reaches that address")
    assert all("SEGUE_AUTH_OFF_BEYOND_LOOPBACK=true" in fault for fault in raised.value.faults)
