"""A service that requires keys: every API takes one in its vendor's way, and refuses in its vendor's shape."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.api_core.exceptions import PermissionDenied
from google.cloud import texttospeech_v1 as google
from wyoming.info import Describe
from wyoming.ping import Ping

from segue.access.roles import Api
from support.google import heard as streamed
from support.google import on_channel, opening, raw, saying, wav
from support.google import sent as requests
from support.service import OPERATOR, SYNTHESIZE, staged
from support.wyoming import client_of, heard, in_chunks, said, synthesize

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    import httpx

    from support.service import Stage

KEYS = "/api/v1/keys"
OPENAI = "/v1/audio/speech"
ELEVENLABS = "/v1/text-to-speech/pip_boy"
GOOGLE = "/v1/text:synthesize"
JOBS = "/api/v1/audio/jobs"
WRONG = "sgk_" + "0" * 12 + "_" + "f" * 64

BODIES: dict[str, dict[str, Any]] = {
    SYNTHESIZE: {"text": "Hello there.", "character_key": "pip_boy"},
    JOBS: {"text": "Hello there.", "character_key": "pip_boy"},
    OPENAI: {"model": "tts-1", "input": "Hello there.", "voice": "pip_boy"},
    ELEVENLABS: {"text": "Hello there."},
    GOOGLE: {
        "input": {"text": "Hello there."},
        "voice": {"languageCode": "en-US", "name": "pip_boy"},
        "audioConfig": {"audioEncoding": "LINEAR16"},
    },
}
HEADERS = {ELEVENLABS: "xi-api-key", GOOGLE: "x-goog-api-key"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, SEGUE_AUTH="keys") as started:
        yield started


@pytest.fixture
async def quick(stage: Stage) -> Stage:
    """As ``stage``, but guesses are not delayed."""
    stage.service.access.callers._waiting = 1000
    return stage


@pytest.fixture
async def wide(tmp_path: Path) -> AsyncIterator[Stage]:
    """With the two APIs that have ports of their own."""
    more = {"SEGUE_GOOGLE_GRPC_PORT": "0", "SEGUE_WYOMING_PORT": "0", "SEGUE_ACCESS_LOG": "all"}
    async with staged(tmp_path, SEGUE_AUTH="keys", **more) as started:
        started.service.access.callers._waiting = 1000  # no refusal is delayed
        yield started


async def made(stage: Stage, name: str = "app", role: str = "synthesize", **more: Any) -> dict[str, Any]:
    answer = await stage.client.post(KEYS, json={"name": name, "role": role, **more}, headers=OPERATOR)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def secret_of(stage: Stage, name: str = "app", role: str = "synthesize", **more: Any) -> str:
    return str((await made(stage, name, role, **more))["secret"])


def sent(path: str, secret: str) -> dict[str, str]:
    """The key in the header that the vendor's clients use at this path."""
    header = HEADERS.get(path)
    return {header: secret} if header else {"Authorization": f"Bearer {secret}"}


async def ask(stage: Stage, path: str, headers: Mapping[str, str], **change: Any) -> httpx.Response:
    return await stage.client.post(path, json=BODIES[path] | change, headers=dict(headers))


def told(answer: httpx.Response) -> tuple[int, str, str]:
    """The status, the code and the message, from wherever the vendor puts them."""
    body = answer.json()
    if "error" in body:
        error = body["error"]
        code = error["code"] if isinstance(error["code"], str) else error["details"][0]["reason"]
        return answer.status_code, code, error["message"]
    if isinstance(body["detail"], dict):
        return answer.status_code, body["detail"]["status"], body["detail"]["message"]
    return answer.status_code, body["code"], body["detail"]


async def test_each_vendors_way_to_send_a_key_is_taken(stage: Stage) -> None:
    secret = await secret_of(stage)
    for path in BODIES:
        for headers in (sent(path, secret), {"authorization": f"bearer   {secret} "}, OPERATOR):
            answer = await ask(stage, path, headers)
            assert answer.status_code in (200, 202), answer.text


async def test_google_takes_a_key_in_the_address(stage: Stage) -> None:
    secret = await secret_of(stage)
    for address in (f"{GOOGLE}?key={secret}", f"/v1/voices?key={secret}&languageCode=en-US"):
        method = "POST" if "synthesize" in address else "GET"
        body = BODIES[GOOGLE] if method == "POST" else None
        assert (await stage.client.request(method, address, json=body)).status_code == 200
    assert (await stage.client.get(f"/v1/voices?key={WRONG}")).status_code == 401


_CODES = {
    SYNTHESIZE: ("unauthenticated", "unauthenticated", "permission_denied"),
    JOBS: ("unauthenticated", "unauthenticated", "permission_denied"),
    OPENAI: ("invalid_api_key", "invalid_api_key", "permission_denied"),
    ELEVENLABS: ("invalid_api_key", "invalid_api_key", "missing_permissions"),
    GOOGLE: ("CREDENTIALS_MISSING", "API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED"),
}
"""The vendor's codes for no key, a wrong one, and one that may not."""


async def test_refusals_have_the_vendors_shape_and_say_what_to_do(stage: Stage) -> None:
    viewer = await secret_of(stage, "dashboard", "view")
    for path, (missing, wrong, forbidden) in _CODES.items():
        status, code, message = told(await ask(stage, path, {}))
        assert (status, code) == (401, missing)
        assert "send it" in message

        answer = await ask(stage, path, sent(path, WRONG))
        assert told(answer)[:2] == (401, wrong)
        assert "not valid" in told(answer)[2]
        assert answer.headers["www-authenticate"] == "Bearer"

        status, code, message = told(await ask(stage, path, sent(path, viewer)))
        assert (status, code) == (403, forbidden)
        assert "synthesize, operate or admin" in message


@pytest.mark.parametrize(
    "field", ["id", "digest", "secret", "created_by", "created_by_source", "revoked_at_s", "state", "permissions"]
)
async def test_what_the_service_sets_of_a_key_is_taken_from_nobody(stage: Stage, field: str) -> None:
    body = {"name": "app", "role": "view", field: "0" * 12}
    answer = await stage.client.post(KEYS, json=body, headers=OPERATOR)

    assert answer.status_code == 422
    assert [fault["loc"] for fault in answer.json()["detail"]] == [["body", field]]
    assert (await stage.client.get(KEYS, headers=OPERATOR)).json() == []


async def test_after_its_creation_nobody_is_shown_a_keys_secret_or_digest(stage: Stage) -> None:
    created = await made(stage)
    digest = stage.service.access.known.state.keys[created["key"]["id"]].digest
    listed = await stage.client.get(KEYS, headers=OPERATOR)
    revoked = await stage.client.post(f"{KEYS}/{created['key']['id']}/revoke", headers=OPERATOR)

    assert created["secret"] not in listed.text + revoked.text
    assert digest not in listed.text + revoked.text + str(created)


async def test_a_revoked_key_is_refused_at_once(stage: Stage) -> None:
    created = await made(stage)
    assert (await ask(stage, SYNTHESIZE, sent(SYNTHESIZE, created["secret"]))).status_code == 200
    revoked = await stage.client.post(f"{KEYS}/{created['key']['id']}/revoke", headers=OPERATOR)
    assert (revoked.status_code, revoked.json()["state"]) == (200, "revoked")
    for path in BODIES:
        status, _, message = told(await ask(stage, path, sent(path, created["secret"])))
        assert (status, "revoked" in message) == (401, True)


async def test_a_key_expires(stage: Stage) -> None:
    secret = await secret_of(stage, expires_at_s=time.time() + 2.0)
    headers = sent(SYNTHESIZE, secret)
    assert (await ask(stage, SYNTHESIZE, headers)).status_code == 200
    await _until(stage, headers, 401)
    status, _, message = told(await ask(stage, SYNTHESIZE, headers))
    assert (status, "expired" in message) == (401, True)


async def test_a_key_for_some_characters_speaks_for_no_other(stage: Stage) -> None:
    secret = await secret_of(stage, characters=["ghoul"])
    for path in BODIES:
        status, _, message = told(await ask(stage, path, sent(path, secret)))
        assert (status, "may not use the character 'pip_boy'" in message) == (403, True)


async def test_a_key_for_some_characters_sees_no_job_of_another(stage: Stage) -> None:
    ghouls = sent(JOBS, await secret_of(stage, "ghouls", characters=["ghoul"]))
    other = sent(JOBS, await secret_of(stage, "pips", characters=["pip_boy"]))
    made_here = (await ask(stage, JOBS, ghouls, character_key="ghoul")).json()
    theirs = (await ask(stage, JOBS, other)).json()
    unknown = {**theirs, "status_url": f"http://test{JOBS}/{'0' * 32}"}

    for job, headers, is_seen in (
        (made_here, ghouls, True),
        (theirs, other, True),
        (theirs, OPERATOR, True),
        (made_here, other, False),
        (theirs, ghouls, False),
        (unknown, ghouls, False),
    ):
        url = job["status_url"]
        events = await stage.client.get(f"{url}/events", headers=headers)  # ends when the job is over
        answers = [events] + [await stage.client.get(at, headers=headers) for at in (url, f"{url}/audio")]
        for answer in answers:
            assert answer.status_code == (200 if is_seen else 404), answer.text
            assert is_seen or "does not exist" in answer.json()["detail"]


async def test_a_key_for_some_characters_cancels_no_job_of_another(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.calm.delay_s = 30
    ghouls = sent(JOBS, await secret_of(stage, "ghouls", characters=["ghoul"]))
    other = sent(JOBS, await secret_of(stage, "pips", characters=["pip_boy"]))
    url = (await ask(stage, JOBS, other)).json()["status_url"]

    assert (await stage.client.delete(url, headers=ghouls)).status_code == 404
    assert (await stage.client.get(url, headers=other)).json()["status"] in ("queued", "running")
    capsys.readouterr()
    assert (await stage.client.delete(url, headers=other)).json()["status"] == "cancelled"
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "job_cancel " in line]
    assert "actor=pips" in line
    assert f"job={url.rpartition('/')[2]}" in line


async def test_characters_may_be_named_by_their_aliases(stage: Stage) -> None:
    created = await made(stage, characters=["alloy", "pip_boy"])
    assert created["key"]["characters"] == ["pip_boy"]
    headers = sent(OPENAI, created["secret"])
    assert (await ask(stage, OPENAI, headers, voice="alloy")).status_code == 200
    assert (await ask(stage, OPENAI, headers, voice="ghoul")).status_code == 403


@pytest.mark.parametrize("why", ["role", "api", "revoked"])
async def test_the_log_names_the_key_that_was_refused(
    stage: Stage, capsys: pytest.CaptureFixture[str], why: str
) -> None:
    key = await made(stage, "night shift", "view", **({"apis": ["openai"]} if why == "api" else {}))
    if why == "revoked":
        await stage.client.post(f"{KEYS}/{key['key']['id']}/revoke", headers=OPERATOR)
    capsys.readouterr()

    for path in ("/api/v1/rollout/rollback", SYNTHESIZE):
        answer = await stage.client.post(path, json={}, headers=sent(path, key["secret"]))
        assert answer.status_code in (401, 403)

    printed = capsys.readouterr().out
    for name in ("operator_refused", "turned_away"):
        (line,) = [line for line in printed.splitlines() if f" {name} " in line]
        assert "caller='night shift'" in line
    assert key["secret"].rpartition("_")[2] not in printed


async def test_the_log_names_nobody_for_a_wrong_secret_with_a_known_id(
    quick: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    key = await made(quick, "night shift", "view")
    wrong = key["secret"][:-4] + "zzzz"
    assert (await quick.client.get("/api/v1/rollout", headers=sent(KEYS, wrong))).status_code == 401
    (line,) = [line for line in capsys.readouterr().out.splitlines() if " operator_refused " in line]
    assert "night shift" not in line


async def test_a_key_for_one_api_opens_no_other(stage: Stage) -> None:
    at = {SYNTHESIZE: "native", JOBS: "native", OPENAI: "openai", ELEVENLABS: "elevenlabs", GOOGLE: "google"}
    for api in dict.fromkeys(at.values()):
        secret = await secret_of(stage, f"{api} app", "operate", apis=[api])
        for path in BODIES:
            status = (await ask(stage, path, sent(path, secret))).status_code
            assert status in ((200, 202) if at[path] == api else (403,)), (api, path)
        assert (await stage.client.get(KEYS, headers=sent(KEYS, secret))).status_code == 403


@pytest.mark.parametrize("limits", [{"apis": ["control"]}, {"characters": ["ghoul"]}])
async def test_a_key_that_can_create_keys_has_no_limits_to_evade(stage: Stage, limits: dict[str, Any]) -> None:
    answer = await stage.client.post(KEYS, json={"name": "boss", "role": "admin", **limits}, headers=OPERATOR)

    assert answer.status_code == 400
    assert "choose another role" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["s\u034f", "s\ufe0f", "\u3164", "\u115f", "\u2800", "admin-token\ufe0f"])
async def test_a_name_has_no_characters_that_nobody_sees(stage: Stage, name: str) -> None:
    answer = await stage.client.post(KEYS, json={"name": name, "role": "view"}, headers=OPERATOR)

    assert (answer.status_code, "can be seen" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", KEYS),
        ("POST", "/api/v1/rollout/pause"),
        ("PATCH", "/api/v1/rollout"),
        ("PUT", "/api/v1/faults/calm"),
        ("DELETE", "/api/v1/keysx"),
    ],
)
async def test_nothing_of_an_unknown_callers_body_is_read(stage: Stage, method: str, path: str) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"{bad"

    for headers in ({}, {"Authorization": f"Bearer {WRONG}"}, {"X-Segue-Actor": "a" * 5000}):
        answer = await stage.client.request(method, path, content=body(), headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "unauthenticated"
    assert len(read) <= 3, "httpx itself asks for the first part of each"


async def test_of_two_headers_the_last_counts_at_the_control_api_too(stage: Stage) -> None:
    secret = await secret_of(stage, "dashboard", "view")
    right, wrong = ("Authorization", f"Bearer {secret}"), ("Authorization", f"Bearer {WRONG}")

    assert (await stage.client.get("/api/v1/rollout", headers=[wrong, right])).status_code == 200
    assert (await stage.client.get("/api/v1/rollout", headers=[right, wrong])).status_code == 401


class TestNothingIsOpen:
    async def test_no_route_answers_without_a_key(self, quick: Stage) -> None:
        paths = (await quick.client.get("/openapi.json")).json()["paths"]
        assert len(paths) > 30
        for path, operations in paths.items():
            address = path.replace("{", "").replace("}", "")
            for method in operations:
                for headers in ({}, {"Authorization": f"Bearer {WRONG}", "xi-api-key": WRONG}):
                    answer = await quick.client.request(method, address, headers=headers)
                    is_public = address.startswith("/api/v1/monitoring/")
                    assert (answer.status_code == 401) is not is_public, f"{method} {path}: {answer.status_code}"

    async def test_nor_does_what_no_api_has_or_another_method(self, stage: Stage) -> None:
        for path in ("/nothing", "/v1/audio/other", "/v1/models/tts-1", "/v1/user", "/metrics"):
            assert (await stage.client.get(path)).status_code == 401, path
        for path in (SYNTHESIZE, OPENAI, ELEVENLABS, GOOGLE):
            for method in ("GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"):
                assert (await stage.client.request(method, path)).status_code == 401, (method, path)

    async def test_health_stays_open(self, stage: Stage) -> None:
        for path in ("health", "health/live", "health/ready", "metrics", "metrics/prometheus"):
            assert (await stage.client.get(f"/api/v1/monitoring/{path}")).status_code == 200
        parts = (await stage.client.get("/api/v1/monitoring/health")).json()["parts"]
        assert parts["keys"] == {"status": "ok", "detail": "as in the store"}

    async def test_only_these_paths_are_open(self, stage: Stage) -> None:
        for path, status in (("/docs/start.js", 200), ("/docsx", 401), ("/api/v1/voices", 401)):
            assert (await stage.client.get(path)).status_code == status, path

    async def test_a_signed_address_of_audio_is_enough_to_hear_it_but_not_to_delete_it(self, stage: Stage) -> None:
        headers = sent(SYNTHESIZE, await secret_of(stage))
        url = (await ask(stage, SYNTHESIZE, headers, return_format="url")).json()["url"]
        assert (await stage.client.get(url)).status_code == 200
        assert (await stage.client.get(url[:-1] + "x")).status_code == 401
        assert (await stage.client.delete(url)).status_code == 401
        assert (await stage.client.delete(url, headers=headers)).status_code == 204

    async def test_a_deletion_of_stored_audio_is_logged_with_its_caller(
        self, stage: Stage, capsys: pytest.CaptureFixture[str]
    ) -> None:
        headers = sent(SYNTHESIZE, await secret_of(stage, "phone app"))
        url = (await ask(stage, SYNTHESIZE, headers, return_format="url")).json()["url"]
        assert (await stage.client.delete(url, headers=headers)).status_code == 204
        (line,) = [line for line in capsys.readouterr().out.splitlines() if " audio_deleted " in line]
        name = url.partition("?")[0].rpartition("/")[2].partition(".")[0]
        assert f"audio={name}" in line
        assert "actor='phone app'" in line
        assert "signature" not in line

    async def test_a_signed_address_is_enough_whatever_characters_a_key_is_for(self, stage: Stage) -> None:
        """The same audio can be of several characters, so an address of it, which is signed, is the permission."""
        url = (await ask(stage, SYNTHESIZE, OPERATOR, return_format="url")).json()["url"]
        ghouls = sent(SYNTHESIZE, await secret_of(stage, "ghouls", characters=["ghoul"]))
        assert (await stage.client.get(url, headers=ghouls)).status_code == 200
        unsigned = url.partition("?")[0]
        for method in ("GET", "HEAD", "DELETE"):
            assert (await stage.client.request(method, unsigned, headers=ghouls)).status_code == 404
        assert (await stage.client.delete(url, headers=ghouls)).status_code == 204


VERBS = {
    "list": [("GET", "/api/v1/voices"), ("GET", "/v1/models"), ("GET", "/v1/voices"), ("GET", "/v2/voices")],
    "synthesize": [("POST", SYNTHESIZE), ("POST", OPENAI)],
    "view": [
        ("GET", "/api/v1/rollout"),
        ("GET", "/api/v1/rollout/status"),
        ("GET", "/api/v1/rollout/history"),
        ("GET", "/api/v1/rollout/report"),
        ("GET", "/api/v1/rollout/traffic"),
        ("GET", "/api/v1/config"),
    ],
    "operate": [
        ("POST", "/api/v1/rollout/rollback"),
        ("PATCH", "/api/v1/rollout"),
        ("POST", "/api/v1/rollout/pause"),
    ],
    "admin": [
        ("GET", KEYS),
        ("POST", KEYS),
        ("POST", f"{KEYS}/{'0' * 12}/revoke"),
        ("GET", "/api/v1/rollout/salt"),
    ],
}
LIMITS = ("requests_per_minute", "chars_per_minute", "chars_per_month", "concurrent_requests")
MAY = {
    "synthesize": {"list", "synthesize"},
    "view": {"list", "view"},
    "operate": {"list", "synthesize", "view", "operate"},
    "admin": set(VERBS),
}


async def test_each_role_does_exactly_its_verbs(stage: Stage) -> None:
    for role, may in MAY.items():
        secret = await secret_of(stage, f"an {role} app", role)
        headers = {"Authorization": f"Bearer {secret}", "xi-api-key": secret}
        for permission, verbs in VERBS.items():
            for method, path in verbs:
                body = BODIES.get(path, {"enabled": True} if method == "PATCH" else {})
                answer = await stage.client.request(method, path, json=body, headers=headers)
                assert answer.status_code != 401
                is_refused = answer.status_code == 403
                assert is_refused is (permission not in may), f"{role}: {method} {path}: {answer.status_code}"


class TestManaging:
    async def test_the_secret_is_shown_once(self, stage: Stage) -> None:
        created = await made(stage, "app", apis=["openai"], expires_at_s=4e9)
        assert created["secret"].startswith(f"sgk_{created['key']['id']}_")
        listed = await stage.client.get(KEYS, headers=OPERATOR)
        assert listed.json() == [created["key"]]
        assert created["secret"].rpartition("_")[2] not in listed.text
        assert created["key"] | {"created_at_s": 0} == {
            "id": created["key"]["id"],
            "name": "app",
            "role": "synthesize",
            "state": "valid",
            "characters": None,
            "apis": ["openai"],
            "limits": dict.fromkeys(LIMITS),
            "created_at_s": 0,
            "created_by": "admin-token",
            "expires_at_s": 4e9,
            "revoked_at_s": None,
            "revoked_by": "",
            "created_by_source": "token",
            "revoked_by_source": "",
        }

    async def test_what_makes_no_sense_is_refused(self, stage: Stage) -> None:
        for wish, status in (
            ({"name": "app"}, 422),
            ({"name": "app", "role": "root"}, 422),
            ({"name": "app", "role": "view", "apis": ["telnet"]}, 422),
            ({"name": "app", "role": "view", "characters": []}, 422),
            ({"name": "app", "role": "view", "secret": "mine"}, 422),
            ({"name": "app", "role": "view", "characters": ["nobody"]}, 400),
            ({"name": "app", "role": "view", "expires_at_s": 1.0}, 400),
            ({"name": "judge", "role": "view"}, 400),
            ({"name": "a\nb", "role": "view"}, 400),
        ):
            assert (await stage.client.post(KEYS, json=wish, headers=OPERATOR)).status_code == status, wish

    async def test_a_name_in_use_and_an_unknown_id_are_told(self, stage: Stage) -> None:
        await made(stage)
        again = await stage.client.post(KEYS, json={"name": "APP", "role": "view"}, headers=OPERATOR)
        assert (again.status_code, "named 'app' already" in again.json()["detail"]) == (409, True)
        unknown = await stage.client.post(f"{KEYS}/{'0' * 12}/revoke", headers=OPERATOR)
        assert unknown.status_code == 404

    async def test_the_history_has_the_keys_name_whatever_its_holder_says(self, stage: Stage) -> None:
        secret = await secret_of(stage, "night shift", "operate")
        for headers in ({"Authorization": f"Bearer {secret}", "X-Segue-Actor": "ann"}, OPERATOR):
            answer = await stage.client.post("/api/v1/rollout/rollback", json={}, headers=headers)
            assert answer.status_code == 200, answer.text
        history = (await stage.client.get("/api/v1/rollout/history", headers=OPERATOR)).json()
        assert [entry["actor"] for entry in history] == ["environment", "night shift", "admin-token"]
        assert [entry["actor_source"] for entry in history] == ["", "key", "token"]

    async def test_without_required_keys_they_are_valid_for_the_control_api_all_the_same(
        self, tmp_path: Path
    ) -> None:
        async with staged(tmp_path) as stage:
            secret = await secret_of(stage, "night shift", "operate")
            assert (await stage.say()).status_code == 200
            headers = {"Authorization": f"Bearer {secret}"}
            assert (await stage.client.post("/api/v1/rollout/rollback", json={}, headers=headers)).is_success
            assert (await stage.client.get(KEYS, headers=headers)).status_code == 403
            listed = (await stage.client.get(KEYS, headers=OPERATOR)).json()
            assert [(key["created_by"], key["created_by_source"]) for key in listed] == [("ann", "claimed")]
            parts = (await stage.client.get("/api/v1/monitoring/health")).json()["parts"]
            assert "keys" not in parts


async def test_a_name_that_is_claimed_differs_from_one_that_a_key_proved(tmp_path: Path) -> None:
    rollback = "/api/v1/rollout/rollback"
    async with staged(tmp_path) as stage:

        async def acts(status: int, actor: str, **more: str) -> str:
            headers = {
                name.encode(): value.encode()
                for name, value in (OPERATOR | {"X-Segue-Actor": actor} | more).items()
            }
            answer = await stage.client.request("POST", rollback, json={}, headers=[*headers.items()])
            assert answer.status_code == status, answer.text
            return str(answer.json().get("detail"))

        await acts(200, "night shift")
        key = await made(stage, "night shift", "operate")
        await acts(200, "ann", Authorization=f"Bearer {key['secret']}")
        for name in ("night shift", "Night  SHIFT", "\uff4eight shift", "night\u034f shift"):
            assert "is the name of an API key" in await acts(400, name)
        await stage.client.post(f"{KEYS}/{key['key']['id']}/revoke", headers=OPERATOR)
        assert "is the name of an API key" in await acts(400, "night shift")
        for name in ("admin-token", "Segue", "nobody"):
            assert "is reserved for the service" in await acts(400, name)
        await acts(200, "operator")
        await acts(200, "ann")

        history = (await stage.client.get("/api/v1/rollout/history", headers=OPERATOR)).json()[1:]
        assert [(entry["actor"], entry["actor_source"]) for entry in history] == [
            ("night shift", "claimed"),
            ("night shift", "key"),
            ("operator", "token"),
            ("ann", "claimed"),
        ]
        (listed,) = (await stage.client.get(KEYS, headers=OPERATOR)).json()
        assert (listed["created_by_source"], listed["revoked_by_source"]) == ("claimed", "claimed")


async def test_another_replica_follows_within_a_second(tmp_path: Path, store_url: str) -> None:
    settings = {"SEGUE_AUTH": "keys", "SEGUE_STORE_URL": store_url}
    async with staged(tmp_path, **settings) as here, staged(tmp_path, **settings) as there:
        created = await made(here)
        headers = sent(SYNTHESIZE, created["secret"])
        await _until(there, headers, 200)
        await here.client.post(f"{KEYS}/{created['key']['id']}/revoke", headers=OPERATOR)
        assert await _until(there, headers, 401) < 1.0


async def _until(stage: Stage, headers: Mapping[str, str], status: int) -> float:
    began_s = time.monotonic()
    async with asyncio.timeout(20):
        while (await ask(stage, SYNTHESIZE, headers)).status_code != status:  # noqa: ASYNC110 - asked of a service
            await asyncio.sleep(0.02)
    return time.monotonic() - began_s


async def test_keys_come_and_go_while_others_are_answered(stage: Stage) -> None:
    steady = sent(SYNTHESIZE, await secret_of(stage, "steady"))
    done = asyncio.Event()

    async def asked() -> set[int]:
        statuses = set()
        while not done.is_set():
            statuses.add((await ask(stage, SYNTHESIZE, steady)).status_code)
        return statuses

    asking = asyncio.create_task(asked())
    for number in range(10):
        created = await made(stage, f"brief {number}")
        headers = sent(SYNTHESIZE, created["secret"])
        assert (await ask(stage, SYNTHESIZE, headers)).status_code == 200
        await stage.client.post(f"{KEYS}/{created['key']['id']}/revoke", headers=OPERATOR)
        assert (await ask(stage, SYNTHESIZE, headers)).status_code == 401
    done.set()
    assert await asking == {200}


_HOSTILE = (
    b"Bearer " + b"x" * 60_000,
    b"Bearer \xff\xfe\x80",
    "Bearer 發音".encode(),
    b"Bearer",
    b"Bearer ",
    b"Basic c2drXzpzZWNyZXQ=",
    b"Bearer " + WRONG.upper().encode(),
    b"Bearer " + WRONG.encode() + b", Bearer " + WRONG.encode(),
    b"",
)


async def test_hostile_headers_are_refused_like_wrong_keys(quick: Stage) -> None:
    await made(quick)
    for path, body in BODIES.items():
        for name in (b"authorization", b"xi-api-key", b"x-goog-api-key"):
            for value in _HOSTILE:
                answer = await quick.client.post(path, json=body, headers=[(name, value)] * 3)
                assert answer.status_code == 401, answer.text


async def test_of_many_headers_the_last_counts_as_everywhere(stage: Stage) -> None:
    secret = await secret_of(stage)
    right, wrong = (b"authorization", f"Bearer {secret}".encode()), (b"authorization", f"Bearer {WRONG}".encode())
    for headers, status in (([wrong] * 50 + [right], 200), ([right] * 50 + [wrong], 401)):
        answer = await stage.client.post(SYNTHESIZE, json=BODIES[SYNTHESIZE], headers=headers)
        assert answer.status_code == status


async def test_guessing_is_slowed_and_then_refused_while_valid_keys_pass(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_AUTH="keys", SEGUE_TRUSTED_PROXIES="none") as stage:
        secret, wrong = await secret_of(stage), sent(SYNTHESIZE, WRONG)
        spent_s = []
        for _ in range(5):
            began_s = time.monotonic()
            assert (await ask(stage, SYNTHESIZE, wrong)).status_code == 401
            spent_s.append(time.monotonic() - began_s)
        assert spent_s[3] >= 0.25
        await asyncio.gather(*(ask(stage, SYNTHESIZE, wrong) for _ in range(15)))
        for path in BODIES:
            answer = await ask(stage, path, sent(path, WRONG))
            assert answer.status_code == 429, path
            assert 0 < int(answer.headers["retry-after"]) <= 60
            assert (await ask(stage, path, sent(path, secret))).status_code in (200, 202)


async def _called(stage: Stage, secret: str) -> str:
    """How Google's gRPC interface ends a call with this key."""
    assert stage.service.google_grpc is not None
    async with grpc.aio.insecure_channel(f"127.0.0.1:{stage.service.google_grpc.port}") as channel:
        call = raw(channel, "ListVoices")(b"", metadata=(("x-goog-api-key", secret),))
        return f"{await call.code()} {await call.details()} {await call.trailing_metadata()}"


class TestOtherPorts:
    async def test_google_grpc_takes_metadata(self, wide: Stage) -> None:
        api = wide.service.google_grpc
        assert api is not None
        secret, viewer = await secret_of(wide), await secret_of(wide, "dashboard", "view")
        async with grpc.aio.insecure_channel(f"127.0.0.1:{api.port}") as channel:

            async def code(method: str, *metadata: tuple[str, str]) -> str:
                asked: Any = iter(()) if method == "StreamingSynthesize" else b""
                return str((await raw(channel, method)(asked, metadata=metadata).code()).name)

            for method in ("ListVoices", "SynthesizeSpeech", "StreamingSynthesize"):
                assert await code(method) == "UNAUTHENTICATED"
                assert await code(method, ("x-goog-api-key", WRONG)) == "UNAUTHENTICATED"
                for way in (("x-goog-api-key", secret), ("authorization", f"Bearer {secret}")):
                    assert await code(method, way) == ("OK" if method == "ListVoices" else "INVALID_ARGUMENT")
            assert await code("ListVoices", ("x-goog-api-key", viewer)) == "OK"
            assert await code("SynthesizeSpeech", ("x-goog-api-key", viewer)) == "PERMISSION_DENIED"

    async def test_google_grpc_speaks_for_the_keys_characters_only(self, wide: Stage) -> None:
        assert wide.service.google_grpc is not None
        metadata = (("x-goog-api-key", await secret_of(wide, characters=["ghoul"])),)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{wide.service.google_grpc.port}") as channel:
            client = on_channel(channel)
            for name, may in (("ghoul", True), ("pip_boy", False)):
                voice = google.VoiceSelectionParams(language_code="en-US", name=name)
                text = google.SynthesisInput(text="Hello there.")
                whole = client.synthesize_speech(
                    request={"input": text, "voice": voice, "audio_config": wav()}, metadata=metadata
                )
                stream = await client.streaming_synthesize(
                    requests(opening(voice=voice), saying("Hello there.")), metadata=metadata
                )
                for answer in (whole, streamed(stream)):
                    with nullcontext() if may else pytest.raises(PermissionDenied, match="pip_boy"):
                        await answer

    async def test_wyoming_takes_a_key_in_the_events_data(self, wide: Stage) -> None:
        assert wide.service.wyoming is not None
        port, secret = wide.service.wyoming.port, await secret_of(wide, characters=["ghoul"])
        describe = Describe().event()
        wrong = synthesize("Hello.", api_key=WRONG)
        for event in (describe, synthesize("Hello."), in_chunks(["Hello."])[0], wrong):
            found = await said(port, event, until="info")
            assert found.error is not None
            assert found.error.code == "unauthenticated"
        assert (await said(port, Ping().event(), until="pong")).last == "pong"

        describe.data["api_key"] = secret
        assert (await said(port, describe, until="info")).last == "info"
        spoken = await said(port, describe, synthesize("Hello.", "ghoul"))
        assert spoken.error is None
        assert spoken.duration_s > 0
        other = await said(port, synthesize("Hello.", "pip_boy", api_key=secret))
        assert other.error is not None
        assert other.error.code == "permission_denied"

    async def test_a_revoked_key_ends_a_text_that_is_being_written(
        self, wide: Stage, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert wide.service.wyoming is not None
        key = await made(wide, "writer")
        start, first, *others = in_chunks(["Hello there. ", "And more. ", "And more. "])
        start.data["api_key"] = key["secret"]
        async with client_of(wide.service.wyoming.port) as client:
            for event in (start, first):
                await client.write_event(event)
            await heard(client, until="audio-start")
            await wide.client.post(f"{KEYS}/{key['key']['id']}/revoke", headers=OPERATOR)
            for event in others:
                await client.write_event(event)
            found = await heard(client)

        assert found.error is not None
        assert found.error.code == "unauthenticated"
        served = [line for line in capsys.readouterr().err.splitlines() if " served " in line]
        assert all("caller=writer" in line for line in served)

    async def test_wyoming_can_be_left_open(self, tmp_path: Path) -> None:
        more = {"SEGUE_WYOMING_PORT": "0", "SEGUE_WYOMING_AUTH": "off"}
        async with staged(tmp_path, SEGUE_AUTH="keys", **more) as stage:
            assert stage.service.wyoming is not None
            assert (await said(stage.service.wyoming.port, synthesize("Hello."))).error is None
            assert (await stage.say()).status_code == 401

    async def test_no_secret_is_in_a_log_a_metric_or_a_page(
        self, wide: Stage, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Each API with a good and a bad key, in every place where one can be sent."""
        good = await secret_of(wide)
        assert wide.service.wyoming is not None
        seen: list[str] = []

        async def look(method: str, path: str, headers: Mapping[str, str]) -> None:
            body = BODIES.get(path)
            seen.append((await wide.client.request(method, path, json=body, headers=dict(headers))).text)

        for secret in (good, WRONG):
            for path in BODIES:
                await look("POST", path, sent(path, secret))
            for address in (f"/v1/voices?key={secret}", f"/v1/models?key={secret}", f"/nothing?key={secret}"):
                await look("GET", address, {"xi-api-key": secret})
            for path in (KEYS, "/api/v1/rollout", "/api/v1/config"):
                await look("GET", path, sent(path, secret))
            found = await said(wide.service.wyoming.port, synthesize("Hello.", api_key=secret))
            seen.append(repr(found.error))
            seen.append(await _called(wide, secret))
        for name in ("health", "metrics", "metrics/prometheus"):
            await look("GET", f"/api/v1/monitoring/{name}", {})
        for path in (KEYS, "/api/v1/config", "/api/v1/rollout/history", "/api/v1/rollout/report"):
            await look("GET", path, OPERATOR)
        printed = capsys.readouterr()
        for secret in (good, WRONG, OPERATOR["Authorization"].split()[1]):
            assert not [text for text in (*seen, printed.out, printed.err) if secret[-20:] in text]
        assert "caller=app" in printed.out, "a key is known by its name"
        refused = re.findall(r'segue_turned_away_total{door="(\w+)",reason="key"} [1-9]', "".join(seen))
        assert set(refused) == set(Api) - {Api.CONTROL}
