"""The control API's verbs, its status, its history, its stream of events, its report, and its refusals."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from segue.rollout.ports.report import Report
from support.listening import listening
from support.service import OPERATOR, staged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from support.listening import Listening
    from support.service import Stage

ROLLOUT = "/api/v1/rollout"
PLAN = """
version: 1
name: short
stages:
  - {name: quarter, share: 25%, hold: 1h}
  - {name: half, share: 50%, hold: 1h, characters: [ghoul]}
gates:
  error_rate: {target: "< 10%", step_back: "> 10%", roll_back: "> 20%"}
statistics: {slot: 1s, unit_window: 1s}
"""


async def posted(stage: Stage, verb: str, **body: Any) -> httpx.Response:
    return await stage.client.post(f"{ROLLOUT}/{verb}", json=body, headers=OPERATOR)


async def got(stage: Stage, path: str) -> Any:
    return (await stage.client.get(f"{ROLLOUT}{path}", headers=OPERATOR)).raise_for_status().json()


async def test_a_plan_begins_at_its_first_step_with_the_candidate_on(stage: Stage) -> None:
    begun = (await posted(stage, "start", plan=PLAN, why="a try")).raise_for_status().json()

    assert (begun["state"]["phase"], begun["state"]["enabled"], begun["state"]["share_percent"]) == (
        "running",
        True,
        25.0,
    )
    assert len(begun["following"]) == 1
    assert 0 <= begun["following"][0]["after_ms"] < 2000


async def test_a_roll_back_is_in_force_when_the_answer_comes(stage: Stage) -> None:
    await stage.steer(share_percent=100)
    assert (await stage.say()).json()["arm"] == "candidate"
    done = (await posted(stage, "rollback", why="enough")).json()

    assert done["state"]["phase"] == "rolled_back"
    assert (await stage.say("Something else.")).json()["arm"] == "baseline"


async def test_the_verbs_are_told_in_order_with_who_why_and_both_states(stage: Stage) -> None:
    await posted(stage, "start", plan=PLAN, why="a try")
    for verb in ("pause", "resume", "advance", "back"):
        (await posted(stage, verb, why=f"why {verb}")).raise_for_status()
    told = await got(stage, "/history")

    assert [entry["kind"] for entry in told] == "boot start pause resume advance step_back".split()
    assert [entry["why"] for entry in told[2:]] == ["why pause", "why resume", "why advance", "why back"]
    assert {entry["actor"] for entry in told[1:]} == {"ann"}
    assert all(earlier["after"] == later["before"] for earlier, later in itertools.pairwise(told))
    assert [entry["revision"] for entry in await got(stage, "/history?after=3&limit=2")] == [4, 5]


async def test_the_status_says_where_it_stands_under_which_plan_and_who_serves(stage: Stage) -> None:
    await posted(stage, "start", plan=PLAN)
    status = await got(stage, "/status")

    assert (status["rollout_id"], status["revision"], status["hold_s"]) == ("test", 2, 3600.0)
    assert 0 <= status["held_for_s"] < 60
    assert [entry["name"] for entry in status["plan"]["stages"]] == ["quarter", "half"]
    assert [replica["revision"] for replica in status["replicas"]] == [2]


async def test_an_operators_name_may_be_in_any_script(stage: Stage) -> None:
    named = {name.encode(): value.encode() for name, value in (OPERATOR | {"X-Segue-Actor": "王小明"}).items()}
    await stage.client.post(f"{ROLLOUT}/rollback", json={}, headers=named)

    assert (await got(stage, "/history"))[-1]["actor"] == "王小明"


@pytest.mark.parametrize("verb", ["pause", "resume", "approve", "advance", "back"])
async def test_what_the_phase_does_not_allow_is_refused_and_leaves_no_entry(stage: Stage, verb: str) -> None:
    refused = await posted(stage, verb)

    assert (refused.status_code, refused.json()["code"]) == (409, "not_now")
    assert len(await got(stage, "/history")) == 1


async def test_whoever_had_seen_an_older_revision_changes_nothing(stage: Stage) -> None:
    await posted(stage, "rollback", why="first")
    refused = await posted(stage, "rollback", seen=1)

    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "its revision 2 is" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("at", "share_percent", "stage_number"), [("half", 50.0, 1), (1, 50.0, 1), ("1", 50.0, 1), (0, 25.0, 0)]
)
async def test_a_plan_may_begin_at_another_stage(
    stage: Stage, at: int | str, share_percent: float, stage_number: int
) -> None:
    state = (await posted(stage, "start", plan=PLAN, at=at)).raise_for_status().json()["state"]

    assert (state["share_percent"], state["stage"]) == (share_percent, stage_number)


@pytest.mark.parametrize("at", ["third", 2, -1, ""])
async def test_a_stage_that_the_plan_does_not_have_is_refused_with_those_it_has(
    stage: Stage, at: int | str
) -> None:
    refused = await posted(stage, "start", plan=PLAN, at=at)

    assert refused.status_code == 400
    assert "it has quarter (0), half (1)" in refused.json()["detail"]
    assert len(await got(stage, "/history")) == 1


async def test_a_stage_that_needs_approval_waits_whatever_begins_it(stage: Stage) -> None:
    asks = PLAN.replace("hold: 1h}", "hold: 1h, approval: true}", 1)
    await posted(stage, "start", plan=asks)
    status = await got(stage, "/status")

    state = status["state"]
    assert (state["phase"], state["share_percent"], state["entering"]) == ("awaiting_approval", 0.0, True)
    assert [wait["what"] for wait in status["waiting"]] == ["approval"]
    (await posted(stage, "approve")).raise_for_status()
    again = await posted(stage, "approve")
    assert (again.status_code, again.json()["code"]) == (409, "not_now")
    assert "there is nothing to approve" in again.json()["detail"]


async def test_an_advance_from_where_the_rollout_is_not_does_nothing(stage: Stage) -> None:
    await posted(stage, "start", plan=PLAN)
    (await posted(stage, "advance", from_stage=0)).raise_for_status()
    again = await posted(stage, "advance", from_stage=0)

    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert "the rollout is at stage 1, step 1" in again.json()["detail"]
    assert (await posted(stage, "pause", from_stage=0)).status_code == 422


async def test_a_person_ends_the_last_step(stage: Stage) -> None:
    await posted(stage, "start", plan=PLAN, at="half")
    ended = (await posted(stage, "advance", why="it is good")).raise_for_status().json()

    assert (ended["state"]["phase"], ended["state"]["share_percent"]) == ("finished", 50.0)
    assert ((await got(stage, "/history"))[-1]["kind"]) == "finish"


async def test_a_plan_with_faults_is_refused_with_all_of_them_at_their_lines(stage: Stage) -> None:
    broken = PLAN.replace("share: 25%", "share: 125%").replace("[ghoul]", "[nobody]")
    refused = await posted(stage, "start", plan=broken)

    assert refused.status_code == 400
    assert "plan:5: stages.0.share" in refused.json()["detail"]


@pytest.mark.parametrize("verb", ["hold-back", "release"])
async def test_a_character_that_nobody_knows_is_refused(stage: Stage, verb: str) -> None:
    assert (await posted(stage, verb, character="nobody")).status_code == 400


@pytest.mark.parametrize("path", ["", "/status", "/history", "/events", "/report"])
async def test_only_operators_look(stage: Stage, path: str) -> None:
    assert (await stage.client.get(f"{ROLLOUT}{path}")).status_code == 401


async def test_a_switch_held_off_by_the_environment_cannot_be_put_on(tmp_path: Path) -> None:
    async with staged(tmp_path, CHIRP3_ENABLED="false") as stage:
        refused = await posted(stage, "start", plan=PLAN)

    assert refused.status_code == 409
    assert "CHIRP3_ENABLED=false" in refused.json()["detail"]


async def test_the_report_has_the_record_of_a_roll_back(stage: Stage) -> None:
    await posted(stage, "start", plan=PLAN)
    await posted(stage, "rollback", why="a drill")
    told = await got(stage, "/report")

    assert [entry["kind"] for entry in told["transitions"]] == ["start", "roll_back"]
    (back,) = told["goings_back"]
    assert (back["actor"], back["why"], back["trigger"]) == ("ann", "a drill", "")
    assert (back["before"]["stage"], back["before"]["share_percent"]) == ("quarter", 25.0)
    assert 0 <= back["took_s"] < 2
    assert len(back["followed"]) == 1
    assert set(told) == set(Report.__dataclass_fields__)


async def test_the_whole_report_begins_with_the_history(stage: Stage) -> None:
    await posted(stage, "start", plan=PLAN)

    assert [entry["kind"] for entry in (await got(stage, "/report?whole=true"))["transitions"]] == [
        "boot",
        "start",
    ]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Listening]:
    with listening(tmp_path) as started:
        yield started


def events(service: Listening, count: int, **headers: str) -> list[dict[str, Any]]:
    """The first ``count`` events of the stream, which never ends; each with its ``id`` and its ``event``."""
    found: list[dict[str, Any]] = []
    fields: dict[str, str] = {}
    with service.control.stream("GET", f"{ROLLOUT}/events", headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "event" in fields:
                found.append(json.loads(fields["data"]) | {"id": fields.get("id"), "event": fields["event"]})
                fields = {}
            if len(found) == count:
                return found
    raise AssertionError("the stream ended")


def test_the_stream_tells_the_history_and_then_what_happens(service: Listening) -> None:
    service.posts("rollback", why="enough")
    told = events(service, 2)

    assert [(one["event"], one["id"], one["kind"]) for one in told] == [
        ("transition", "1", "boot"),
        ("transition", "2", "roll_back"),
    ]


def test_the_stream_goes_on_after_the_entry_that_was_seen_last(service: Listening) -> None:
    service.posts("rollback", why="enough")

    assert [one["id"] for one in events(service, 1, **{"Last-Event-ID": "1"})] == ["2"]


def test_the_stream_tells_what_the_judge_thinks(service: Listening) -> None:
    service.posts("start", plan=PLAN)
    judgement = events(service, 3)[-1]

    assert (judgement["event"], judgement["id"], judgement["verb"]) == ("judgement", None, None)
    assert judgement["reasons"]
    assert [one["message"] for one in judgement["reason_values"]] == judgement["reasons"]


def test_reasons_have_a_code_numbers_and_words_in_the_language_that_is_asked_for(service: Listening) -> None:
    service.posts("start", plan=PLAN)
    events(service, 3)
    in_chinese, in_english = (
        service.control.get(f"{ROLLOUT}/status", headers={"Accept-Language": language}).json()["judgement"]
        for language in ("zh-TW,zh;q=0.9,en;q=0.8", "en")
    )

    assert [one["reason"] for one in in_chinese["reason_values"]] == ["hold_not_over"]
    assert set(in_english["reason_values"][0]["values"]) == {"left_s"}
    assert in_english["reasons"][0].startswith("the hold needs another")
    assert in_chinese["reasons"][0].startswith("觀察期還需要")


def test_a_place_in_the_stream_that_is_none_is_refused(service: Listening) -> None:
    refused = service.control.get(f"{ROLLOUT}/events", headers={"Last-Event-ID": "latest"})

    assert refused.status_code == 422


async def test_two_services_of_one_host_and_process_number_are_two_replicas(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/shared.db"
    async with staged(tmp_path, SEGUE_STORE_URL=store) as one, staged(tmp_path, SEGUE_STORE_URL=store):
        answer = await one.client.post("/api/v1/rollout/rollback", json={}, headers=OPERATOR)

        assert len({followed["replica"] for followed in answer.json()["following"]}) == 2
