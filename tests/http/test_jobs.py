"""Long texts as jobs: taken in, followed, fetched, cancelled."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from segue.kernel.errors import Unavailable
from segue.speech.audio.decode import decode
from segue.testing.engine import Interrupted
from support.service import staged

if TYPE_CHECKING:
    from pathlib import Path

    from support.service import Stage

JOBS = "/api/v1/audio/jobs"
SENTENCE = "The caravan left before dawn, and nobody in the settlement had heard it go, not even the dogs. "
CHINESE = "商隊在天亮前就離開了，聚落裡沒有人聽見，連狗也沒有叫。"


async def submitted(stage: Stage, text: str, **more: Any) -> dict[str, Any]:
    body = {"text": text, "character_key": "pip_boy", "audio_format": "wav"} | more
    answer = await stage.client.post(JOBS, json=body)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    assert answer.headers["location"] == job["status_url"]
    return job


async def finished(stage: Stage, job: dict[str, Any]) -> list[dict[str, Any]]:
    """Every event of the job, to its end."""
    answer = await stage.client.get(job["events_url"])
    assert answer.headers["content-type"] == "text/event-stream"
    blocks = [block.split("\n") for block in answer.text.strip().split("\n\n")]
    return [json.loads(data.removeprefix("data: ")) for _, data in blocks]


@pytest.mark.parametrize("text", ["…", " ", "---"])
async def test_a_job_with_nothing_to_say_is_a_short_silence(tmp_path: Path, text: str) -> None:
    async with staged(tmp_path) as stage:
        done = (await finished(stage, await submitted(stage, text)))[-1]
        audio = await stage.client.get(done["url"])

    assert (done["status"], done["error"]) == ("done", None)
    assert any("nothing in it can be spoken" in warning for warning in done["warnings"])
    assert 0.2 < decode(audio.content).duration_s < 1.0


@pytest.mark.parametrize(("sentence", "characters"), [(SENTENCE, 20_000), (CHINESE, 5_000)])
async def test_a_long_text_becomes_one_file(tmp_path: Path, sentence: str, characters: int) -> None:
    text = (sentence * (characters // len(sentence))).strip()
    async with staged(tmp_path) as stage:
        job = await submitted(stage, text, user_id="ann")
        events = await finished(stage, job)
        last = events[-1]
        audio = await stage.client.get(last["url"])
        asked = [*stage.calm.asked, *stage.bold.asked]

    sound = decode(audio.content)
    assert all(utterance.background for utterance in asked)
    assert (last["status"], last["progress"], last["error"]) == ("done", 1.0, None)
    assert sound.duration_s == pytest.approx(last["duration"], abs=0.01)
    assert sound.duration_s == pytest.approx(len(text) * 0.08, rel=0.03)
    assert last["file_size"] == len(audio.content)
    assert [event["progress"] for event in events] == sorted(event["progress"] for event in events)


async def test_a_part_of_the_file_can_be_asked_for(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        done = (await finished(stage, await submitted(stage, SENTENCE * 3)))[-1]
        part = await stage.client.get(done["url"], headers={"Range": "bytes=0-43"})

    assert part.status_code == 206
    assert part.content[:4] == b"RIFF"


async def test_a_job_has_one_voice_throughout(tmp_path: Path) -> None:
    """The candidate breaks off near the end and stays away: the baseline says all of it."""
    text = (SENTENCE * 30).strip()
    async with staged(tmp_path, CHIRP3_ROLLOUT_PERCENTAGE="100") as stage:
        stage.bold.script += [0.0] * 20 + [Interrupted(1.0, Unavailable("gone"))] * 40
        done = (await finished(stage, await submitted(stage, text)))[-1]
        audio = await stage.client.get(done["url"])

    assert (done["status"], done["arm"]) == ("done", "baseline")
    assert decode(audio.content).duration_s == pytest.approx(len(text) * 0.08, rel=0.03)
    assert "".join(said.text for said in stage.calm.asked).startswith(SENTENCE.strip())


async def test_a_job_can_be_cancelled(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.calm.delay_s = 3600.0
        job = await submitted(stage, SENTENCE * 10)
        await asyncio.wait_for(stage.calm.started.wait(), 5)
        cancelled = (await stage.client.delete(job["status_url"])).json()
        again = (await stage.client.delete(job["status_url"])).json()

    assert cancelled["status"] == again["status"] == "cancelled"
    assert stage.calm.cancelled >= 1


async def test_a_job_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.calm.always = Unavailable("the engine went away")
        job = await submitted(stage, SENTENCE * 10)
        failed = (await finished(stage, job))[-1]
        audio = await stage.client.get(f"{job['status_url']}/audio")

    assert (failed["status"], failed["error"]) == ("failed", "unavailable")
    assert audio.status_code == 409
    assert audio.json()["detail"] == "the job's state is failed; submit the text again"


async def test_no_more_wait_than_may(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_JOBS_AT_ONCE="1", SEGUE_JOBS_WAITING="1") as stage:
        stage.calm.delay_s = 3600.0
        for _ in range(2):
            await submitted(stage, SENTENCE * 10)
        third = await stage.client.post(JOBS, json={"text": SENTENCE, "character_key": "pip_boy"})

    assert third.status_code == 503
    assert third.headers["retry-after"]


@pytest.mark.parametrize(
    ("text", "status"), [("x" * 100_001, 400), ("", 400), ("語" * 100_000, 202), ("\x00", 400)]
)
async def test_a_text_has_its_limits(tmp_path: Path, text: str, status: int) -> None:
    async with staged(tmp_path) as stage:
        answer = await stage.client.post(JOBS, json={"text": text, "character_key": "pip_boy"})

    assert answer.status_code == status, answer.text[:200]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_job_nobody_knows_is_not_there(tmp_path: Path, method: str) -> None:
    async with staged(tmp_path) as stage:
        answers = [
            await stage.client.request(method, f"{JOBS}/{name}")
            for name in ("0" * 32, "nobodys", "0" * 33, "%2e%2e")
        ]
        odd = await stage.client.request(method, f"{JOBS}/..%2f..%2fetc")

    for answer in answers:
        assert answer.status_code == 404
        assert answer.json()["detail"] == "the job does not exist or is no longer stored; submit the text again"
    assert odd.status_code in (404, 405)


async def test_a_long_text_may_be_marked_up(tmp_path: Path) -> None:
    markup = f"<speak>{SENTENCE * 80}<break time='1s'/>{SENTENCE}</speak>"
    async with staged(tmp_path) as stage:
        job = await submitted(stage, markup, text_type="ssml")
        done = (await finished(stage, job))[-1]

    assert done["status"] == "done"
    assert done["duration"] == pytest.approx(len(SENTENCE.strip()) * 81 * 0.08 + 1.0, rel=0.03)


async def test_a_long_text_leaves_the_engine_to_those_who_listen(tmp_path: Path) -> None:
    """However many long texts there are, one call at a time is theirs."""
    async with staged(tmp_path, SEGUE_JOBS_AT_ONCE="4") as stage:
        stage.calm.delay_s = 3600.0
        for _ in range(4):
            await submitted(stage, SENTENCE * 10)
        await asyncio.wait_for(stage.calm.started.wait(), 5)
        for _ in range(20):
            await asyncio.sleep(0)
        background = len(stage.calm.asked)
        stage.calm.delay_s = 0.0
        heard = await stage.say()

    assert background == 1
    assert heard.status_code == 200


async def test_a_long_text_is_no_evidence_of_how_fast_an_arm_is(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await finished(stage, await submitted(stage, SENTENCE * 10))
        metrics = (await stage.client.get("/api/v1/monitoring/metrics/prometheus")).text

    assert 'tts_synthesis_total{character_key="pip_boy",status="success",voice_model="calm"} 1.0' in metrics
    assert "tts_synthesis_duration_seconds_count" not in metrics
    assert not [
        line for line in metrics.splitlines() if "segue_units_total{" in line and not line.endswith(" 0.0")
    ]


async def test_who_follows_a_job_has_a_place_of_some(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_JOB_FOLLOWERS="1") as stage:
        stage.calm.delay_s = 3600.0
        job = await submitted(stage, SENTENCE)
        first = asyncio.create_task(stage.client.get(job["events_url"]))
        followers = stage.service.speech.jobs.followers
        for _ in range(1000):
            if followers.count:
                break
            await asyncio.sleep(0.01)
        second = await stage.client.get(job["events_url"])
        await stage.client.delete(job["status_url"])
        ended = await first
        third = await stage.client.get(job["events_url"])

    assert (ended.status_code, second.status_code, third.status_code) == (200, 503, 200)
    assert second.headers["retry-after"]
    assert "for this job" in second.json()["detail"]


async def test_the_file_of_a_job_is_served_as_files_are(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        done = (await finished(stage, await submitted(stage, SENTENCE * 60)))[-1]
        whole = await stage.client.get(done["url"])
        head = await stage.client.head(done["url"])
        end = await stage.client.get(done["url"], headers={"Range": "bytes=-100"})
        beyond = await stage.client.get(done["url"], headers={"Range": f"bytes={len(whole.content)}-"})
        same = await stage.client.get(done["url"], headers={"If-None-Match": whole.headers["etag"]})
        (tmp_path / "var" / "jobs" / done["id"] / "audio").unlink()
        gone = await stage.client.get(done["url"])

    assert len(whole.content) == done["file_size"] > 2 * 256 * 1024
    assert (head.headers["content-length"], head.content) == (str(done["file_size"]), b"")
    assert (end.status_code, end.content) == (206, whole.content[-100:])
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{done['file_size']}")
    assert (same.status_code, same.content) == (304, b"")
    assert (gone.status_code, "cannot be read" in gone.json()["detail"]) == (503, True)


async def test_callers_without_a_name_are_known_by_their_address(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_JOBS_PER_CALLER="2") as stage:
        stage.calm.delay_s = 3600.0
        body = {"text": SENTENCE, "character_key": "pip_boy"}
        nameless = [(await stage.client.post(JOBS, json=body)).status_code for _ in range(4)]
        named = await stage.client.post(JOBS, json=body | {"user_id": "ann"})

    assert nameless == [202, 202, 503, 503]
    assert named.status_code == 202
