"""The native door: what callers send and what they get."""

from __future__ import annotations

import array
import asyncio
import base64
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from segue.kernel.errors import InternalFailure, InvalidRequest, QuotaExhausted, Unavailable
from segue.speech.core.speech import Pcm
from support.audio import duration_of
from support.service import SYNTHESIZE, Stage, staged

if TYPE_CHECKING:
    from pathlib import Path

    from segue.speech.ports.cache import CacheEntry


async def test_the_answer_has_every_field_of_the_contract(stage: Stage) -> None:
    answer = (await stage.say()).json()

    assert answer["url"].startswith("http://test/api/v1/audio/")
    assert answer["audio_base64"] is None
    assert answer["duration"] == pytest.approx(1.76, abs=0.1)
    assert answer["file_size"] > 1000
    assert answer["cached"] is False
    assert answer["source"] == "new"
    assert answer["voice_model"] == "calm"
    assert answer["voice_name"] == "Babble en-US"
    assert answer["character"] == {
        "key": "pip_boy",
        "name": "Pip-Boy",
        "voice_params": {"pitch": 0.0, "rate": 1.0},
    }
    assert answer["warnings"] == []


async def test_the_url_plays(stage: Stage) -> None:
    answer = (await stage.say()).json()
    audio = await stage.client.get(answer["url"])

    assert audio.status_code == 200
    assert audio.headers["content-type"] == "audio/mpeg"
    assert len(audio.content) == answer["file_size"]
    assert duration_of(audio.content) == pytest.approx(answer["duration"], abs=0.1)


async def test_who_is_told_a_url_finds_it_in_any_process_at_once(stage: Stage, tmp_path: Path) -> None:
    """Another worker has none of this one's memory: the file stands when the answer comes, made or remembered."""
    writing = stage.service.speech.cache.put
    began = asyncio.Event()

    async def slowly(key: str, entry: CacheEntry) -> bool:
        began.set()
        await asyncio.sleep(0.1)
        return await writing(key, entry)

    stage.service.speech.cache.put = slowly  # type: ignore[method-assign]
    as_file = asyncio.create_task(stage.say(return_format="base64"))
    await began.wait()
    answer = (await stage.say()).json()

    assert answer["cached"]
    assert len(files_in(tmp_path)) == 1
    await as_file


async def test_a_url_from_memory_has_its_file_again_where_that_was_swept(stage: Stage, tmp_path: Path) -> None:
    first = (await stage.say()).json()
    for file in files_in(tmp_path):
        file.unlink()
    again = (await stage.say()).json()

    assert (again["source"], again["url"], again["warnings"]) == ("memory", first["url"], [])
    assert len(files_in(tmp_path)) == 1


NOT_STORED = "the audio could not be stored, so the URL may work only in the process that answered"


async def test_a_store_that_hangs_costs_a_warning_and_not_the_url(tmp_path: Path) -> None:
    goes_on = asyncio.Event()

    async def never(key: str, entry: CacheEntry) -> bool:
        del key, entry
        return await goes_on.wait()

    async with staged(tmp_path, SEGUE_REQUEST_TIMEOUT_S="0.4") as stage:
        stage.service.speech.cache.put = never  # type: ignore[method-assign]
        made, remembered = [(await stage.say()).json() for _ in range(2)]
        as_data = (await stage.say(return_format="base64")).json()
        audio = await stage.client.get(made["url"])
        goes_on.set()

    assert made["warnings"] == remembered["warnings"] == [NOT_STORED]
    assert as_data["warnings"] == []
    assert audio.status_code == 200


async def test_who_left_is_not_waited_with_for_the_store(stage: Stage) -> None:
    goes_on = asyncio.Event()
    began = asyncio.Event()

    async def never(key: str, entry: CacheEntry) -> bool:
        del key, entry
        began.set()
        return await goes_on.wait()

    stage.service.speech.cache.put = never  # type: ignore[method-assign]
    body = json.dumps({"text": "Hello.", "character_key": "pip_boy"}).encode()
    sent: list[Any] = []
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        for message in messages:
            return message
        await began.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": SYNTHESIZE, "scheme": "http", "headers": []}
    await asyncio.wait_for(stage.service.api(scope, receive, send), 4.0)
    goes_on.set()

    assert sent == []


async def test_a_disk_that_takes_nothing_costs_a_warning(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "var" / "audio"
    folder.rmdir()
    folder.write_text("a file where a folder should be", encoding="utf-8")
    made, remembered = [(await stage.say()).json() for _ in range(2)]

    assert made["warnings"] == remembered["warnings"] == [NOT_STORED]
    assert (await stage.client.get(made["url"])).status_code == 200


@pytest.mark.parametrize(
    ("settings", "warnings"),
    [
        ({"SEGUE_CACHE_DISK_BYTES": "1000"}, [NOT_STORED]),
        ({"SEGUE_CACHE_DISK_BYTES": "0", "SEGUE_WORKERS": "2"}, [NOT_STORED]),
        ({"SEGUE_CACHE_DISK_BYTES": "0"}, []),
        ({"SEGUE_CACHE_DISK_BYTES": "0", "SEGUE_CACHE_MEMORY_BYTES": "1000"}, [NOT_STORED]),
    ],
)
async def test_a_url_that_others_cannot_serve_is_told(
    tmp_path: Path, settings: dict[str, str], warnings: list[str]
) -> None:
    async with staged(tmp_path, **settings) as stage:
        answers = [(await stage.say()).json() for _ in range(2)]

    assert [answer["warnings"] for answer in answers] == [warnings] * 2


def files_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.segue"))


async def test_base64_holds_the_same_audio(stage: Stage) -> None:
    answer = (await stage.say(return_format="base64", audio_format="wav")).json()

    assert answer["url"] is None
    audio = base64.b64decode(answer["audio_base64"])
    assert len(audio) == answer["file_size"]
    assert duration_of(audio) == pytest.approx(answer["duration"], abs=0.001)


async def test_the_second_time_it_comes_from_memory(stage: Stage) -> None:
    await stage.say()
    answer = (await stage.say()).json()

    assert (answer["cached"], answer["source"]) == (True, "memory")
    assert len(stage.calm.asked) == 1


async def test_after_a_restart_it_comes_from_a_file(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        first = (await stage.say()).json()
    async with staged(tmp_path) as stage:
        answer = (await stage.say()).json()
        audio = await stage.client.get(first["url"])

        assert answer["source"] == "file"
        assert stage.calm.asked == []
        assert audio.status_code == 200


async def test_fields_that_no_request_has_are_warned_of_each_time(stage: Stage) -> None:
    asked: dict[str, Any] = {
        "speed": 2,
        "voice_controls": {"speed": 2, "pauses": [{"position": 1, "length": 3}, {"position": 2, "length": 3}]},
        "custom_pronunciations": [{"phrase": "a", "pronunciation": "ə", "ipa": True}],
    }
    made, cached = [(await stage.say(**asked)).json() for _ in range(2)]

    assert cached["cached"]
    for answer in (made, cached):
        told = [warning.split()[1] for warning in answer["warnings"] if warning.startswith("field ")]
        assert told == [
            "speed",
            "voice_controls.speed",
            "voice_controls.pauses.length",
            "custom_pronunciations.ipa",
        ]


async def test_many_strange_fields_are_named_in_part(stage: Stage) -> None:
    strange: dict[str, Any] = {f"strange{number}{'x' * 200}": number for number in range(40)}
    answer = (await stage.say(**strange)).json()

    assert len(answer["warnings"]) == 20
    assert max(map(len, answer["warnings"])) < 150


async def test_without_cache_it_is_made_afresh_and_its_url_still_plays(stage: Stage) -> None:
    first = (await stage.say(cache_enabled=False)).json()
    second = (await stage.say(cache_enabled=False)).json()

    assert len(stage.calm.asked) == 2
    assert first["url"] != second["url"]
    assert (await stage.client.get(second["url"])).status_code == 200
    assert (await stage.say()).json()["cached"] is False


async def test_a_forced_model_is_the_one_heard(stage: Stage) -> None:
    assert (await stage.say(force_voice_model="chirp3-hd")).json()["voice_model"] == "bold"
    assert (await stage.say(force_voice_model="wavenet")).json()["voice_model"] == "calm"


async def test_a_user_or_session_may_be_named_in_a_header(stage: Stage) -> None:
    await stage.steer(share_percent=50)
    by_body = [(await stage.say(user_id=f"u{n}")).json()["arm"] for n in range(20)]
    by_header = [
        (
            await stage.client.post(
                SYNTHESIZE, json={"text": "Hi.", "character_key": "pip_boy"}, headers={"X-User-ID": f"u{n}"}
            )
        )
        for n in range(20)
    ]

    assert [answer.json()["arm"] for answer in by_header] == by_body


async def test_the_request_id_is_the_callers_or_a_fresh_one(stage: Stage) -> None:
    body = {"text": "Hi.", "character_key": "pip_boy"}
    named = await stage.client.post(SYNTHESIZE, json=body, headers={"X-Request-ID": "abc-123"})
    fresh = await stage.client.post(SYNTHESIZE, json=body)
    odd = await stage.client.post(SYNTHESIZE, json=body, headers={"X-Request-ID": "with space"})

    assert named.headers["x-request-id"] == named.json()["request_id"] == "abc-123"
    assert fresh.headers["x-request-id"] not in ("", "abc-123", odd.headers["x-request-id"])
    assert "with space" not in odd.headers["x-request-id"]


async def test_arm_and_reason_are_in_a_header(stage: Stage) -> None:
    answer = await stage.say()

    assert (
        answer.headers["x-segue"]
        == "arm=baseline, reason=outside_share, assigned=baseline, model=calm, source=new"
    )


async def test_a_setting_the_voice_cannot_take_is_named_in_the_answer(stage: Stage) -> None:
    answer = (await stage.say(voice_controls={"pitch": 20, "rate": 2})).json()

    assert answer["warnings"] == [
        "pitch 20 applied as 15: this voice supports -12 to 12, and audio is shifted up to 3 semitones"
    ]
    assert answer["character"]["voice_params"] == {"pitch": 12.0, "rate": 2.0}
    assert stage.calm.asked[0].rate_ratio == 2.0


async def test_volume_is_applied_and_makes_another_entry(stage: Stage) -> None:
    loud = (await stage.say(return_format="base64", audio_format="pcm")).json()
    soft = (await stage.say(return_format="base64", audio_format="pcm", voice_controls={"volume": 0.5})).json()

    assert soft["cached"] is False
    assert _peak(soft) == pytest.approx(_peak(loud) / 2, rel=0.01)


async def test_chinese_goes_to_the_arm_that_can_speak_it_and_says_so(stage: Stage) -> None:
    await stage.steer(share_percent=100)
    answer = (await stage.say("歡迎回來，今晚北門關閉。")).json()

    assert (answer["assigned_arm"], answer["arm"], answer["reason"]) == ("candidate", "baseline", "no_voice")
    assert stage.calm.asked[0].voice == "cmn-TW"
    assert answer["warnings"] == ["the candidate has no voice for this text; the baseline answered"]
    assert (await stage.metrics())["diversions"] == {"no_voice": 1}


async def test_a_language_nobody_speaks_is_the_callers_to_change(stage: Stage) -> None:
    answer = await stage.say("สวัสดี")

    assert answer.status_code == 400
    assert (
        "no voice of 'pip_boy' speaks Thai; the first character it cannot read is 'ส' (U+0E2A)"
        in answer.json()["detail"]
    )


@pytest.mark.parametrize(
    ("text", "language", "why"),
    [
        ("привет שלום, ᚠ", None, "Cyrillic, Hebrew and Runic together; .* is 'п' \\(U\\+043F\\)"),
        ("ᚠᚢᚦ", None, "speaks Runic; .* is 'ᚠ'"),
        ("你好 สวัสดี", "en", "speaks Chinese characters and Thai together; .* is '你'"),
        ("Bonjour", "fr-FR", "speaks fr-FR$"),
    ],
)
async def test_scripts_that_nobody_reads_are_named_in_words(
    stage: Stage, text: str, language: str | None, why: str
) -> None:
    answer = await stage.say(text, **({"language": language} if language else {}))

    assert answer.status_code == 400
    assert re.search(why, answer.json()["detail"])
    assert "Zzzz" not in answer.text


@pytest.mark.parametrize(
    "text",
    ["25 m²", "3½", "5 µm", "①", "Ⅳ", "ﬁne", "Hawaiʼi", "ˈso", "𝓗𝓮𝓵𝓵𝓸", "5 Ω", "α and β", "π", "ㄋㄧˇ ㄏㄠˇ"],
)
async def test_signs_refuse_no_text(stage: Stage, text: str) -> None:
    assert (await stage.say(text)).status_code == 200


@pytest.mark.parametrize(
    ("body", "part_of_the_message"),
    [
        ({"character_key": "pip_boy"}, "text is missing: send a string of 1 to 5000 characters"),
        ({"text": "", "character_key": "pip_boy"}, "text"),
        ({"text": "x" * 5001, "character_key": "pip_boy"}, "5000"),
        ({"text": 7, "character_key": "pip_boy"}, "text must be a string of 1 to 5000 characters, not 7"),
        ({"text": "Hi."}, "character_key"),
        ({"text": "Hi.", "character_key": "nobody"}, "unknown character 'nobody'"),
        (
            {"text": "Hi.", "character_key": "pip_boy", "return_format": "file"},
            "return_format must be one of base64, url, not 'file'",
        ),
        (
            {"text": "Hi.", "character_key": "pip_boy", "force_voice_model": "siri"},
            "chirp3-hd, baseline, candidate, ",
        ),
        ({"text": "Hi.", "character_key": "pip_boy", "voice_controls": {"pitch": 21}}, "voice_controls.pitch"),
        ({"text": "Hi.", "character_key": "pip_boy", "voice_controls": {"rate": 0.1}}, "voice_controls.rate"),
        ({"text": "Hi.", "character_key": "pip_boy", "voice_controls": {"pauses": [{"position": 9}]}}, "beyond"),
        (
            {
                "text": "Hi.",
                "character_key": "pip_boy",
                "voice_controls": {"pauses": [{"position": 1, "duration": "a"}]},
            },
            "a pause must be",
        ),
        (
            {
                "text": "Hi.",
                "character_key": "pip_boy",
                "custom_pronunciations": [{"phrase": "a", "pronunciation": "b", "phonetic_encoding": "runes"}],
            },
            "phonetic encoding",
        ),
        ({"text": "a\x00b", "character_key": "pip_boy"}, "U+0000"),
        ({"text": "", "character_key": "pip_boy"}, "text is empty"),
        ({"text": "שלום עולם", "character_key": "pip_boy"}, "speaks Hebrew"),
        ({"text": "Hi.", "character_key": "pip_boy", "user_id": "u" * 257}, "user_id"),
        ([], "the body must be a JSON object, not a list of 0"),
    ],
)
async def test_a_bad_request_is_400_and_says_what_is_wrong(
    stage: Stage, body: Any, part_of_the_message: str
) -> None:
    answer = await stage.client.post(SYNTHESIZE, json=body)

    assert answer.status_code == 400
    assert part_of_the_message in answer.json()["detail"]
    assert answer.json()["code"] == "invalid_request"
    assert stage.calm.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"text": "\\ud800", "character_key": "pip_boy"}',
        b"[" * 100_000,
        b'{"text": NaN}',
        b"null",
    ],
)
async def test_what_is_not_json_is_400(stage: Stage, body: bytes) -> None:
    answer = await stage.client.post(SYNTHESIZE, content=body)

    assert answer.status_code == 400
    assert answer.json()["detail"]


async def test_a_megabyte_of_digits_is_413(stage: Stage) -> None:
    body = json.dumps({"text": "7" * 1_000_000, "character_key": "pip_boy"})
    answer = await stage.client.post(SYNTHESIZE, content=body)

    assert answer.status_code == 413
    assert "larger than" in answer.json()["detail"]


async def test_other_methods_are_405(stage: Stage) -> None:
    answer = await stage.client.get(SYNTHESIZE)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_fifty_of_the_same_at_once_are_one_synthesis(stage: Stage) -> None:
    stage.calm.delay_s = 0.05
    answers = await asyncio.gather(*(stage.say() for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert len(stage.calm.asked) == 1
    assert (await stage.metrics())["requests"] == {"served": 50}


@pytest.mark.parametrize(
    "failure",
    [
        InternalFailure("broken"),
        Unavailable("away"),
        RuntimeError("surprise"),
        Pcm(b"", 16_000),
        Pcm(bytes(64_000), 16_000),
    ],
    ids=["internal", "unavailable", "crash", "empty", "silence"],
)
async def test_the_baseline_answers_for_a_failing_candidate(stage: Stage, failure: Any) -> None:
    await stage.steer(share_percent=100)
    stage.bold.always = failure
    answer = (await stage.say()).json()

    assert (answer["voice_model"], answer["reason"]) == ("calm", "fallback")
    assert answer["fallback_error"]
    metrics = await stage.metrics()
    assert metrics["requests"] == {"served_by_fallback": 1}
    assert metrics["models"]["bold"]["errors"] == 1
    assert metrics["models"]["calm"]["errors"] == 0
    assert sum(metrics["fallbacks"].values()) == 1


async def test_two_characters_alike_on_the_candidate_fall_back_each_to_their_own_voice(tmp_path: Path) -> None:
    """Voices that take no pitch make one sound of both; the baseline does not."""
    async with staged(tmp_path, CHIRP3_ROLLOUT_PERCENTAGE="100") as stage:
        stage.bold.always = Unavailable("away")
        twins = [stage.say(character_key=key, voice_controls=VOICES[key]) for key in ("pip_boy", "ghoul")]
        answers = await asyncio.gather(*twins)

    assert {utterance.character_key for utterance in stage.calm.asked} == {"pip_boy", "ghoul"}
    assert {answer.json()["reason"] for answer in answers} == {"fallback"}


VOICES = {"pip_boy": {"pitch": -6, "rate": 0.8}, "ghoul": {"pitch": 0, "rate": 1.0}}
"""What makes the two sound alike on both arms."""


async def test_what_the_fallback_said_is_not_kept_as_the_candidates(stage: Stage) -> None:
    await stage.steer(share_percent=100)
    stage.bold.script.append(InternalFailure("once"))
    await stage.say()
    answer = (await stage.say()).json()

    assert (answer["voice_model"], answer["cached"]) == ("bold", False)


async def test_without_fallback_a_failing_candidate_is_503(stage: Stage) -> None:
    await stage.steer(share_percent=100, fallback=False)
    stage.bold.always = InternalFailure("broken")
    answer = await stage.say()

    assert answer.status_code == 503
    assert answer.json() == {"detail": "broken", "code": "internal", "request_id": answer.headers["x-request-id"]}
    assert (await stage.metrics())["requests"] == {"failed": 1}


async def test_when_no_arm_answers_it_is_503(stage: Stage) -> None:
    await stage.steer(share_percent=100)
    stage.bold.always = stage.calm.always = Unavailable("away")
    answer = await stage.say()

    assert answer.status_code == 503
    assert answer.json()["detail"] == "neither arm could answer: candidate unavailable, baseline unavailable"


async def test_a_spent_quota_sends_to_the_baseline_and_blames_nobody(stage: Stage) -> None:
    await stage.steer(share_percent=100)
    stage.bold.script.append(QuotaExhausted("429", retry_after_s=30))
    first, second = (await stage.say()).json(), (await stage.say("Another text.")).json()

    assert (first["voice_model"], first["reason"]) == ("calm", "quota")
    assert (second["voice_model"], second["reason"]) == ("calm", "quota")
    assert len(stage.bold.asked) == 1
    metrics = await stage.metrics()
    assert metrics["requests"] == {"served": 2}
    assert metrics["fallbacks"] == {}
    assert "bold" not in metrics["models"]
    assert metrics["diversions"] == {"quota": 2}


async def test_what_the_engine_calls_the_callers_mistake_counts_against_no_arm(stage: Stage) -> None:
    await stage.steer(share_percent=100)
    stage.bold.script.append(InvalidRequest("no such phoneme"))
    answer = await stage.say()

    assert answer.status_code == 400
    metrics = await stage.metrics()
    assert metrics["models"] == {}
    assert metrics["requests"] == {}


async def test_a_failing_candidate_is_left_alone_after_five_failures_and_counted_exactly(stage: Stage) -> None:
    await stage.steer(share_percent=100)
    stage.bold.always = InternalFailure("broken")
    answers = [await stage.say(f"Line number {n}.") for n in range(20)]

    assert {answer.status_code for answer in answers} == {200}
    assert len(stage.bold.asked) == 5
    metrics = await stage.metrics()
    assert metrics["models"]["bold"]["errors"] == 5
    assert metrics["fallbacks"] == {"breaker_open": 15, "internal": 5}
    assert metrics["requests"] == {"served_by_fallback": 20}


async def test_a_full_queue_is_503_with_retry_after(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_MAX_CONCURRENCY="1", SEGUE_MAX_QUEUE="1") as stage:
        stage.calm.delay_s = 0.2
        answers = await asyncio.gather(*(stage.say(f"Line {n}.") for n in range(4)))

        assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503]
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert refused.headers["retry-after"] == "1"


async def test_the_master_switch_off_beats_everything(tmp_path: Path) -> None:
    async with staged(tmp_path, CHIRP3_ENABLED="false", CHIRP3_ROLLOUT_PERCENTAGE="100") as stage:
        refused = await stage.steer(enabled=True)
        answers = [await stage.say(f"Line {n}.", force_voice_model="chirp3-hd") for n in range(5)]

        assert refused.status_code == 409
        assert "CHIRP3_ENABLED=false" in refused.json()["detail"]
        assert {answer.json()["voice_model"] for answer in answers} == {"calm"}
        assert {answer.json()["reason"] for answer in answers} == {"switched_off"}
        assert stage.bold.asked == []


async def test_a_caller_who_leaves_stops_the_work_nobody_else_waits_for(stage: Stage) -> None:
    stage.calm.always = 30.0
    alone = asyncio.ensure_future(stage.say("Nobody waits for this."))
    await stage.calm.started.wait()
    alone.cancel()
    await asyncio.gather(alone, return_exceptions=True)
    await stage.calm.stopped.wait()

    assert stage.calm.cancelled == 1


def _peak(answer: dict[str, Any]) -> int:
    return max(array.array("h", base64.b64decode(answer["audio_base64"])))


async def test_a_voice_from_another_region_is_an_audible_change_and_said(stage: Stage) -> None:
    answer = (await stage.say("戰爭從未改變。", language="zh-CN")).json()

    assert "language zh-CN applied as cmn-TW: the voice's accent is that of another region" in answer["warnings"]


async def test_a_voice_from_the_region_that_was_named_is_nothing_to_warn_of(stage: Stage) -> None:
    assert (await stage.say("戰爭從未改變。", language="zh-Hant-TW")).json()["warnings"] == []
