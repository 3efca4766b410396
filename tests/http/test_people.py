"""People at the control API, by the tokens of their issuer, beside keys and the admin token."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from support.issuer import AUDIENCE, KEYS, Issuer, issuing, key
from support.service import OPERATOR, SYNTHESIZE, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import httpx

    from support.service import Stage

ROLLOUT = "/api/v1/rollout"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing(key("one")) as found:
        yield found


def settings(issuer: Issuer) -> dict[str, str]:
    return {
        "SEGUE_OIDC_ISSUER": issuer.url,
        "SEGUE_OIDC_AUDIENCE": AUDIENCE,
        "SEGUE_OIDC_ROLES": "everyone=view, sre=operate, leads=admin",
    }


@pytest.fixture(params=["keys", "off"])
async def stage(tmp_path: Path, issuer: Issuer, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    more = {"SEGUE_TRUSTED_PROXIES": "none"}  # so that loopback is no proxy, behind which nobody is locked out
    async with staged(tmp_path, SEGUE_AUTH=request.param, **more, **settings(issuer)) as started:
        started.service.access.callers._waiting = 1000  # no refusal is delayed
        yield started


def bearing(issuer: Issuer, kid: str = "one", **claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {key(kid).signed(issuer.claims(**claims))}"}


async def steered(stage: Stage, headers: dict[str, str], percent: float = 10) -> httpx.Response:
    return await stage.client.patch(ROLLOUT, json={"share_percent": percent}, headers=headers)


async def test_a_person_moves_the_rollout_and_the_history_names_them_as_proved(
    stage: Stage, issuer: Issuer
) -> None:
    answer = await steered(stage, bearing(issuer) | {"X-Segue-Actor": "somebody else"})
    history = (await stage.client.get(f"{ROLLOUT}/history", headers=bearing(issuer))).json()

    assert answer.status_code == 200, answer.text
    assert (history[-1]["actor"], history[-1]["actor_source"]) == ("ann@example.com", "person")


@pytest.mark.parametrize(
    ("groups", "statuses"),
    [(["leads"], [200, 200, 200]), ("sre", [200, 200, 403]), (["everyone"], [200, 403, 403]), ([], [403] * 3)],
)
async def test_each_role_does_its_verbs_and_a_refusal_says_what_is_needed(
    stage: Stage, issuer: Issuer, groups: Any, statuses: list[int]
) -> None:
    headers = bearing(issuer, groups=groups)
    answers = [
        await stage.client.get(ROLLOUT, headers=headers),
        await steered(stage, headers),
        await stage.client.get("/api/v1/keys", headers=headers),
    ]

    assert [answer.status_code for answer in answers] == statuses
    for answer in answers:
        if answer.status_code == 403:
            assert answer.json()["code"] == "permission_denied"
            assert "ann@example.com may not do this; it needs a group with the role" in answer.json()["detail"]


async def test_keys_and_the_admin_token_work_beside_it(stage: Stage, issuer: Issuer) -> None:
    issuer.answers[KEYS] = (0, b"")
    body = {"name": "dashboard", "role": "view"}
    created = await stage.client.post("/api/v1/keys", json=body, headers=OPERATOR)
    secret = created.json()["secret"]
    asked = len(issuer.asked)
    answer = await stage.client.get(ROLLOUT, headers={"Authorization": f"Bearer {secret}"})

    assert (created.status_code, answer.status_code) == (201, 200)
    assert len(issuer.asked) == asked, "a key costs no question to the issuer"


async def test_a_token_of_the_issuer_opens_the_control_api_only(tmp_path: Path, issuer: Issuer) -> None:
    async with staged(tmp_path, SEGUE_AUTH="keys", **settings(issuer)) as stage:
        body = {"text": "Hello.", "character_key": "pip_boy"}
        spoken = await stage.client.post(SYNTHESIZE, json=body, headers=bearing(issuer, groups=["leads"]))
        listed = await stage.client.get("/api/v1/voices", headers=bearing(issuer, groups=["leads"]))

    assert (spoken.status_code, listed.status_code) == (401, 401)


async def test_an_expired_token_is_told_so_and_locks_nobody_out(stage: Stage, issuer: Issuer) -> None:
    headers = bearing(issuer, exp=int(time.time()) - 3600)
    answers = [await stage.client.get(ROLLOUT, headers=headers) for _ in range(30)]
    answer = answers[-1]

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.json()["detail"] == "the token has expired; sign in again"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert (await steered(stage, OPERATOR)).status_code == 200


async def test_forged_tokens_are_guesses_and_valid_ones_pass_meanwhile(stage: Stage, issuer: Issuer) -> None:
    forged = {"Authorization": bearing(issuer)["Authorization"][:-8] + "AAAAAAAA"}
    statuses = [(await stage.client.get(ROLLOUT, headers=forged)).status_code for _ in range(25)]

    assert (statuses[0], statuses[-1]) == (401, 429)
    assert (await steered(stage, bearing(issuer))).status_code == 200


async def test_without_the_issuers_keys_a_person_is_told_to_try_again(tmp_path: Path, issuer: Issuer) -> None:
    issuer.answers[KEYS] = (503, b"")
    async with staged(tmp_path, **settings(issuer)) as stage:
        answer = await stage.client.get(ROLLOUT, headers=bearing(issuer))
        parts = (await stage.client.get("/api/v1/monitoring/health")).json()

    assert answer.status_code == 503
    assert "could not be read; try again, or use an API key" in answer.json()["detail"]
    assert "nobody can use its tokens" in str(parts)


async def test_it_is_enough_to_open_the_control_api(tmp_path: Path, issuer: Issuer) -> None:
    async with staged(tmp_path, SEGUE_ADMIN_TOKEN="", **settings(issuer)) as stage:
        assert (await steered(stage, bearing(issuer))).status_code == 200
        nobody = await stage.client.get(ROLLOUT)

    assert nobody.status_code == 401
    assert "a token of your issuer" in nobody.json()["detail"]


async def test_an_open_stream_ends_when_the_token_expires(stage: Stage, issuer: Issuer) -> None:
    callers = stage.service.access.callers
    now_s = int(time.time())
    valid = key("one").signed(issuer.claims()).encode()
    over = key("one").signed(issuer.claims(exp=now_s - 3600)).encode()
    await steered(stage, bearing(issuer))

    assert callers.is_still_known(valid)
    assert not callers.is_still_known(over)
    assert not callers.is_still_known(valid[:-8] + b"AAAAAAAA")


async def test_the_log_names_who_was_refused_and_no_token(stage: Stage, issuer: Issuer) -> None:
    headers = bearing(issuer, groups=["everyone"])
    await stage.client.get(ROLLOUT, headers=headers)
    with structlog.testing.capture_logs() as lines:
        await steered(stage, headers)

    (line,) = [line for line in lines if line["event"] == "operator_refused"]
    assert line["caller"] == "ann@example.com"
    assert headers["Authorization"].removeprefix("Bearer ") not in str(lines)


async def test_a_key_that_a_person_creates_has_their_name(stage: Stage, issuer: Issuer) -> None:
    body = {"name": "app", "role": "synthesize"}
    created = await stage.client.post("/api/v1/keys", json=body, headers=bearing(issuer, groups=["leads"]))

    assert created.status_code == 201
    made = created.json()["key"]
    assert (made["created_by"], made["created_by_source"]) == ("ann@example.com", "person")
