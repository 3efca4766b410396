"""The settings of people's tokens: what does not fit together is told before the start."""

from __future__ import annotations

import pytest

from segue.config.load import load_settings
from segue.kernel.errors import ConfigurationError
from segue.testing.clock import FakeClock
from segue.wiring.people import check_people, people_parts

WHOLE = {
    "SEGUE_OIDC_ISSUER": "https://login.example.com/realms/one",
    "SEGUE_OIDC_AUDIENCE": "segue",
    "SEGUE_OIDC_ROLES": "sre=operate,CN=leads=admin",
}


def faults(**change: str) -> tuple[str, ...]:
    environ = {name: value for name, value in (WHOLE | change).items() if value}
    with pytest.raises(ConfigurationError) as caught:
        check_people(load_settings(environ).settings)
    return tuple(caught.value.faults)


async def test_whole_settings_are_taken() -> None:
    parts = people_parts(load_settings(WHOLE).settings, FakeClock(), lambda _: False)

    assert parts is not None
    await parts.keys.close()


def test_without_an_issuer_nobody_is_known_by_one() -> None:
    assert people_parts(load_settings({}).settings, FakeClock(), lambda _: False) is None


@pytest.mark.parametrize(
    "url",
    ["http://login.example.com", "login.example.com", "https://", "https://a.example?x=1", "https://u@a.example"],
)
def test_an_issuer_is_an_https_url(url: str) -> None:
    (fault,) = faults(SEGUE_OIDC_ISSUER=url)

    assert fault.startswith("SEGUE_OIDC_ISSUER: ")


@pytest.mark.parametrize("name", ["SEGUE_OIDC_AUDIENCE", "SEGUE_OIDC_ROLES"])
def test_what_is_missing_is_named(name: str) -> None:
    (fault,) = faults(**{name: ""})

    assert fault.startswith(f"{name}: is missing")


@pytest.mark.parametrize("pair", ["sre", "=view", "sre=synthesize", "sre=root", "sre="])
def test_a_role_that_people_cannot_have_is_named(pair: str) -> None:
    (fault,) = faults(SEGUE_OIDC_ROLES=f"everyone=view,{pair}")

    assert repr(pair) in fault
    assert "view, operate or admin" in fault


def test_settings_without_their_issuer_are_named() -> None:
    found = faults(SEGUE_OIDC_ISSUER="")

    assert [fault.partition(":")[0] for fault in found] == ["SEGUE_OIDC_AUDIENCE", "SEGUE_OIDC_ROLES"]
