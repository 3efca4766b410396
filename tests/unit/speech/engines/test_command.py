"""A program of one's own as an engine: what it says, how it fails, and that nothing is left of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import threading
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from segue.kernel.errors import (
    BadAudio,
    DeadlineExceeded,
    EngineCrashed,
    InternalFailure,
    InvalidRequest,
    SegueError,
    Unavailable,
    Unsupported,
)
from segue.speech.core.catalogue import Range
from segue.speech.core.speech import SampleEncoding, Utterance
from segue.speech.engines.command import create
from support.commands import PROGRAM, VOICES, command_options
from support.waiting import comes_true, soon

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.speech.engines.command.engine import CommandEngine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the engine needs Linux")

HELLO = Utterance("one two three", "low", "en-US")
BEAT_SAMPLES = 800
MARK = f"SPEAKS_FOR=test-{os.getpid()}".encode()
MARKED = dict([MARK.decode().split("=")])
MODES = ["each", "lines"]


@asynccontextmanager
async def started(*arguments: str, **more: Any) -> AsyncIterator[CommandEngine]:
    engine = create(command_options(*arguments, **more))
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def counted(engine: CommandEngine, text: str, **more: Any) -> int:
    return (await engine.synthesize(replace(HELLO, text=text, **more))).sample_count


def left_running() -> list[str]:
    """What runs of all that this process has started, by the mark in its environment; zombies, too."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (MARK in (entry / "environ").read_bytes() or is_zombie_of_ours(entry)):
                found.append(f"{entry.name} {(entry / 'cmdline').read_bytes()!r}")
        except OSError:
            continue
    return found


def is_zombie_of_ours(entry: Path) -> bool:
    state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
    return state == "Z" and int(parent) == os.getpid()


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("serve", MODES)
async def test_it_says_what_the_program_says(serve: str) -> None:
    async with started(serve=serve) as engine:
        whole = await engine.synthesize(HELLO)
        pieces = [piece async for piece in engine.stream(HELLO)]

    assert (whole.sample_count, whole.rate_hz, whole.encoding) == (3 * BEAT_SAMPLES, 8000, SampleEncoding.S16)
    assert b"".join(piece.data for piece in pieces) == whole.data
    assert engine.name == "command"


@pytest.mark.parametrize("serve", MODES)
async def test_bare_samples_are_read_as_declared(serve: str) -> None:
    raw = {"serve": serve, "output": "raw", "rate_hz": 8000}
    async with started("--raw", **raw) as engine:
        as_16_bits = await engine.synthesize(HELLO)
    async with started("--raw", **raw, encoding="f32") as engine:
        as_floats = await engine.synthesize(HELLO)
    async with started("--raw", **raw, channels=2) as engine:
        as_stereo = await engine.synthesize(HELLO)

    assert as_16_bits.sample_count == 2400
    assert (as_floats.sample_count, as_floats.encoding) == (1200, SampleEncoding.F32)
    assert (as_stereo.sample_count, as_stereo.encoding) == (1200, SampleEncoding.S16)


async def test_channels_are_mixed_and_what_follows_the_samples_is_left_out() -> None:
    async with started() as engine:
        pcm = await engine.synthesize(replace(HELLO, text="stereo"))

    assert pcm.data == b"\xd0\x07" * 800  # the mean of 1000 and 3000


@pytest.mark.parametrize("serve", MODES)
async def test_a_stream_comes_as_it_is_made(serve: str) -> None:
    async with started(serve=serve, streaming=True) as engine:
        stream = engine.stream(replace(HELLO, text="one two hang"))
        first = await anext(stream)
        await stream.aclose()

    assert first.sample_count >= BEAT_SAMPLES


async def test_voice_rate_and_language_reach_the_command_line() -> None:
    script = "import sys; sys.exit(' '.join(sys.argv[1:]))"
    words = ["-v{voice}", "{language}", "{rate_ratio}", "{rate_percent}", "{length_ratio}", "{words_per_minute}"]
    engine = create(
        {
            "arguments": [
                sys.executable,
                "-S",
                "-c",
                script,
                *words,
                "{{{pitch_semitones}}}",
                "{pitch_ratio}",
                "$(id);`id`",
            ],
            "voices": {"high": {"language": "cmn-TW", "sent_as": "--evil voice"}},
            "rate_ratio": [0.5, 2],
            "pitch_semitones": [-12, 12],
            "version": "1",
        }
    )
    told = "-v--evil voice cmn-TW 1.25 125 0.8 219 {-12} 0.5 $(id);`id`"

    with pytest.raises(InternalFailure) as failure:
        await engine.synthesize(Utterance("x", "high", "en-US", rate_ratio=1.25, pitch_semitones=-12))
    await engine.close()

    assert told in str(failure.value)


async def test_the_environment_is_what_the_options_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_ADMIN_TOKEN", "secret")
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    async with started() as engine:
        assert await counted(engine, "env") == 0
    async with started(pass_environment=["OPENAI_API_KEY"], environment={"SEGUE_VOICE": "{voice}"}) as engine:
        assert await counted(engine, "env") == 2


@pytest.mark.parametrize("serve", MODES)
@pytest.mark.parametrize(
    ("order", "kind", "told"),
    [
        ("exit3", InternalFailure, r"status 3 \(… cannot … so\)"),
        ("exit65", Unsupported, "status 65"),
        ("exit69", Unavailable, "status 69"),
        ("exit42", InvalidRequest, "status 42"),
        ("crash", EngineCrashed, "SIGSEGV"),
        ("odd", BadAudio, "in the middle of a sample"),
        ("mp3", BadAudio, "wrote MP3 where a WAV file was expected"),
        ("flood", BadAudio, "more than 1000000 bytes"),
    ],
)
async def test_how_it_fails_is_told(serve: str, order: str, kind: type[SegueError], told: str) -> None:
    limits = {"max_output_bytes": 1_000_000, "exit_codes": {42: "invalid_request"}}
    async with started(serve=serve, environment=MARKED, **limits) as engine:
        others = [asyncio.ensure_future(counted(engine, "one two")) for _ in range(3)]
        text = order if order == "mp3" else f"can say {order} it"
        with pytest.raises(kind, match=told) as failure:
            await engine.synthesize(replace(HELLO, text=text))

        assert type(failure.value) is kind
        assert await asyncio.gather(*others) == [2 * BEAT_SAMPLES] * 3
        assert await counted(engine, "one two") == 2 * BEAT_SAMPLES
    assert left_running() == []


@pytest.mark.parametrize("serve", MODES)
@pytest.mark.parametrize("order", ["hang", "stubborn"])
async def test_a_program_that_takes_too_long_is_killed(order: str, serve: str) -> None:
    async with started(serve=serve, environment=MARKED, timeout_s=1) as engine:
        with pytest.raises(DeadlineExceeded, match="after 1 s"):
            await counted(engine, f"can say {order} it")
        with pytest.raises(DeadlineExceeded, match="after 1 s"):
            [piece async for piece in engine.stream(replace(HELLO, text=order))]
    assert left_running() == []


@pytest.mark.parametrize(
    ("text", "told"),
    [("cut", "bytes fewer than its WAV header says"), ("nothing", "wrote no sound"), ("mp3", "MP3")],
)
async def test_what_is_no_whole_wav_file_is_bad_audio(text: str, told: str) -> None:
    async with started() as engine:
        with pytest.raises(BadAudio, match=told):
            await engine.synthesize(replace(HELLO, text=text))
        with pytest.raises(BadAudio, match=told):
            [piece async for piece in engine.stream(replace(HELLO, text=text))]


async def test_a_wav_file_among_bare_samples_is_told() -> None:
    async with started("--raw", output="raw", rate_hz=8000) as engine:
        with pytest.raises(BadAudio, match="set output: wav"):
            await engine.synthesize(replace(HELLO, text="wav_in_raw"))
        with pytest.raises(BadAudio, match="wrote no sound"):
            await engine.synthesize(replace(HELLO, text="nothing"))


@pytest.mark.parametrize("serve", MODES)
async def test_too_many_seconds_of_sound_are_bad_audio(serve: str) -> None:
    async with started(serve=serve, max_audio_s=0.5) as engine:
        with pytest.raises(BadAudio, match=r"more than 0\.5 s"):
            await engine.synthesize(replace(HELLO, text="beat " * 20))
        assert await counted(engine, "one") == BEAT_SAMPLES


@pytest.mark.parametrize(("status", "kind"), [(0, BadAudio), (75, Unavailable), (1, InternalFailure)])
async def test_a_program_that_does_not_read_its_text_breaks_nothing(status: int, kind: type[SegueError]) -> None:
    async with started("--unread", str(status)) as engine:
        for text in ("short", "long " * 200_000):
            with pytest.raises(kind):
                await engine.synthesize(replace(HELLO, text=text))


@pytest.mark.parametrize("serve", MODES)
async def test_a_complaint_holds_neither_secrets_nor_the_text(serve: str) -> None:
    text = "leak my diagnosis 往北的路"
    async with started(serve=serve, environment={"PASSWORD": "hunter22"}, places=1) as engine:
        with pytest.raises(InternalFailure, match="cannot say") as failure:
            await engine.synthesize(replace(HELLO, text=text))
        await counted(engine, "one")
        told = f"{failure.value} {(await engine.health()).detail}"

    assert not [word for word in ("hunter", "leak", "my", "diagnosis", "往", "北", "u5f80") if word in told]
    assert len(told) < 400


async def test_a_flood_of_complaints_holds_nothing_up() -> None:
    async with started() as engine:
        assert await counted(engine, "noise_on_stderr one") == 2 * BEAT_SAMPLES


async def test_a_program_that_complains_for_ever_is_ended_and_disturbs_no_other() -> None:
    async with started(environment=MARKED, timeout_s=1) as engine:
        endless = asyncio.ensure_future(engine.synthesize(replace(HELLO, text="complain")))
        began_s = time.monotonic()
        assert await counted(engine, "one two") == 2 * BEAT_SAMPLES
        assert time.monotonic() - began_s < 10
        with pytest.raises(DeadlineExceeded):
            await endless
    assert left_running() == []


@pytest.mark.parametrize("lingering", ["hang", "stubborn", "child hang"])
async def test_a_program_that_has_closed_its_output_has_said_all(lingering: str) -> None:
    async with started(environment=MARKED, timeout_s=60, stop_within_s=0.2) as engine:
        assert await counted(engine, f"one two shut {lingering}") == 2 * BEAT_SAMPLES
        assert [piece.sample_count async for piece in engine.stream(replace(HELLO, text=f"one shut {lingering}"))]
        with pytest.raises(InternalFailure, match="status 3"):
            await counted(engine, "one shut exit3")
    assert left_running() == []


async def test_a_warm_program_that_has_closed_its_output_is_replaced() -> None:
    async with started(serve="lines", environment=MARKED, places=1, timeout_s=20, stop_within_s=0.2) as engine:
        with pytest.raises(InternalFailure, match="closed its output"):
            await counted(engine, "one shut hang")
        assert await counted(engine, "one two") == 2 * BEAT_SAMPLES
    assert left_running() == []


@pytest.mark.parametrize("serve", MODES)
async def test_a_cancelled_call_leaves_no_process(serve: str) -> None:
    async with started(serve=serve, environment=MARKED, finish_within_s=0.2, places=1) as engine:
        for text in ("hang", "stubborn", "child hang", "one nap two"):
            stream = engine.stream(replace(HELLO, text=f"one {text}"))
            await anext(stream)
            await stream.aclose()
            task = asyncio.ensure_future(engine.synthesize(replace(HELLO, text=text)))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await counted(engine, "one two") == 2 * BEAT_SAMPLES
    assert left_running() == []


@pytest.mark.parametrize("serve", MODES)
async def test_closing_ends_what_is_under_way(serve: str) -> None:
    async with started(serve=serve, environment=MARKED, places=4) as engine:
        calls = [asyncio.ensure_future(engine.synthesize(replace(HELLO, text="hang"))) for _ in range(6)]
        await asyncio.sleep(0.3)
        await engine.close()
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(end) for end in ends} == {Unavailable}
        assert left_running() == []
        assert not (await engine.health()).ready
        with pytest.raises(Unavailable, match="closed"):
            await engine.synthesize(HELLO)


async def test_whoever_is_left_behind_is_killed_with_the_group() -> None:
    async with started(environment=MARKED) as engine:
        assert await counted(engine, "one child two") == 3 * BEAT_SAMPLES
        await soon(lambda: left_running() == [])


async def test_whoever_leaves_the_group_holds_nothing_up() -> None:
    async with started(environment=MARKED) as engine:
        began_s = time.monotonic()
        assert await counted(engine, "one escape two") == 3 * BEAT_SAMPLES
        assert time.monotonic() - began_s < 20
    for line in left_running():
        os.kill(int(line.split()[0]), signal.SIGKILL)


@pytest.mark.parametrize("serve", MODES)
async def test_no_more_run_at_once_than_there_are_places(serve: str) -> None:
    async with started(serve=serve, environment=MARKED, places=2) as engine:
        await soon(lambda: len(left_running()) == (2 if serve == "lines" else 0))
        calls = [asyncio.ensure_future(counted(engine, "nap one")) for _ in range(8)]
        most = 0
        while not all(call.done() for call in calls):
            most = max(most, len(left_running()))
            await asyncio.sleep(0.01)
    assert [call.result() for call in calls] == [2 * BEAT_SAMPLES] * 8
    assert most == 2


@pytest.mark.parametrize("serve", MODES)
async def test_the_background_stands_behind(serve: str) -> None:
    async with started(serve=serve) as engine:
        before = await counted(engine, "nice")
        behind = await counted(engine, "nice", background=True)

    assert behind == 119
    assert before == 100 + os.getpriority(os.PRIO_PROCESS, 0) or before == 119


@pytest.mark.parametrize("serve", MODES)
async def test_a_faster_rate_reaches_the_program(serve: str) -> None:
    words = [] if serve == "lines" else ["--rate", "{rate_ratio}"]
    async with started(*words, serve=serve, rate_ratio=[0.5, 2]) as engine:
        assert engine.voice("low").capabilities.rate_ratio == Range(0.5, 2)
        assert await counted(engine, "one two", rate_ratio=2.0) == BEAT_SAMPLES


async def test_what_is_not_declared_is_not_asked() -> None:
    async with started() as engine:
        with pytest.raises(Unsupported, match="rate_ratio is not set"):
            await engine.synthesize(replace(HELLO, rate_ratio=1.5))
        with pytest.raises(Unsupported, match="pitch_semitones is not set"):
            await engine.synthesize(replace(HELLO, pitch_semitones=1))
        with pytest.raises(InvalidRequest, match="surrogate"):
            await engine.synthesize(replace(HELLO, text="\ud800"))
        with pytest.raises(Unsupported, match="has low"):
            engine.voice("loww")


async def test_voices_are_as_declared() -> None:
    async with started(verbalizes=False, max_input_bytes=900, max_sentence_chars=80) as engine:
        low, high = engine.voices()

    assert (low.name, low.locale, low.label, low.engine) == ("low", "en-US", "low", "command")
    assert (high.label, high.gender, high.scripts[0]) == ("High", "female", "Hani")
    can = low.capabilities
    assert (can.verbalizes, can.max_input_bytes, can.max_sentence_chars) == (False, 900, 80)
    assert (can.rate_ratio, can.pitch_semitones, can.streaming) == (None, None, False)


async def test_a_warm_program_is_asked_again_and_again() -> None:
    async with started("--raw", serve="lines", places=1, output="raw", rate_hz=8000) as engine:
        pids = {await counted(engine, "pid") for _ in range(5)}
        assert len(pids) == 1
        assert (await engine.health()).detail == "1 of 1 programs are ready"


async def test_a_warm_program_that_refuses_a_text_is_kept() -> None:
    async with started(serve="lines", places=1, environment=MARKED) as engine:
        running = left_running()
        with pytest.raises(Unsupported, match="it has no such word"):
            await engine.synthesize(replace(HELLO, text="refuse"))
        assert await counted(engine, "one") == BEAT_SAMPLES
        assert left_running() == running


@pytest.mark.parametrize("text", ["garble", "huge_line"])
async def test_a_warm_program_that_writes_no_answers_is_replaced(text: str) -> None:
    async with started(serve="lines", places=1) as engine:
        with pytest.raises(InternalFailure, match=r"the program wrote a line .* is replaced"):
            await engine.synthesize(replace(HELLO, text=text))
        assert await counted(engine, "one") == BEAT_SAMPLES
        assert "1 replaced" in (await engine.health()).detail


async def test_a_warm_program_that_babbles_is_replaced() -> None:
    async with started(serve="lines", places=1, environment=MARKED) as engine:
        before = left_running()
        assert await counted(engine, "babble") == BEAT_SAMPLES
        await soon(lambda: len(left_running()) == 1 and left_running() != before)
        assert await counted(engine, "one") == BEAT_SAMPLES
        assert "nobody had asked for" in (await engine.health()).detail


async def test_a_warm_program_that_was_gone_before_it_began_is_another_ones_turn() -> None:
    async with started(serve="lines", places=2, environment=MARKED) as engine:
        assert await counted(engine, "one") == BEAT_SAMPLES
        while "2 of 2" not in (await engine.health()).detail:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        pids = [int(line.split()[0]) for line in left_running()]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        assert comes_true(lambda: all(is_zombie_of_ours(Path(f"/proc/{pid}")) for pid in pids))
        assert await counted(engine, "one") == BEAT_SAMPLES


async def test_a_text_that_kills_every_program_is_told() -> None:
    async with started("--raw", serve="lines", places=1, output="raw", rate_hz=8000) as engine:
        with pytest.raises(EngineCrashed, match="in the middle of this text"):
            await engine.synthesize(replace(HELLO, text="die"))
        assert await counted(engine, "one") == BEAT_SAMPLES


async def test_a_program_that_cannot_start_says_why() -> None:
    engine = create(command_options("--broken", serve="lines"))
    with pytest.raises(Unavailable, match=r"not ready: it ended with status 1 .*no model at /models/x"):
        await engine.start()
    health = await engine.health()
    await engine.close()

    assert not health.ready
    assert "no model at /models/x" in health.detail


async def test_a_program_that_is_never_ready_is_given_up() -> None:
    engine = create(command_options("--never", serve="lines", start_within_s=0.3, environment=MARKED))
    with pytest.raises(Unavailable, match="start_within_s"):
        await engine.start()
    await engine.close()

    assert left_running() == []


async def test_a_program_that_has_gone_is_no_healthy_engine(tmp_path: Path) -> None:
    program = tmp_path / "speaks"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -S {PROGRAM}\n")
    program.chmod(0o755)
    engine = create({"arguments": [str(program)], "voices": VOICES})
    await engine.start()
    assert (await engine.health()).ready
    assert await counted(engine, "one") == BEAT_SAMPLES
    program.unlink()
    health = await engine.health()
    with pytest.raises(InternalFailure, match="cannot be started"):
        await engine.synthesize(HELLO)
    await engine.close()

    assert not health.ready


def test_the_version_is_that_of_the_files_and_of_what_changes_the_sound(tmp_path: Path) -> None:
    program = tmp_path / "speaks"
    model = tmp_path / "voice.model"
    model.write_text("a")

    def version(body: str = "exit 0", **more: Any) -> str:
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        return create(
            {"arguments": ["./speaks", "voice.model"], "directory": str(tmp_path), "voices": VOICES, **more}
        ).version

    usual = version()
    assert version() == usual
    assert version(timeout_s=5, places=7) == usual
    assert version("exit 1") != usual
    assert version(environment={"SPEED": "2"}) != usual
    model.write_text("b")
    assert version() != usual
    assert version("exit 1", version="7") == version("exit 2", version="7")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"arguments": []}, "arguments"),
        ({"arguments": ["no-such-program-here"]}, "PATH has no such program"),
        ({"arguments": ["/etc/passwd"]}, "may not be run"),
        ({"arguments": [sys.executable, "{text}"]}, "no placeholder"),
        ({"arguments": [sys.executable, "{"]}, "no placeholder"),
        ({"arguments": [sys.executable, "{rate_ratio}"]}, "needs its range"),
        ({"arguments": ["{voice}"]}, "must not contain placeholders"),
        ({"rate_ratio": [0.5, 2]}, "no argument or environment value passes it"),
        ({"rate_ratio": [2, 0.5], "serve": "lines"}, "lowest"),
        ({"serve": "lines", "environment": {"V": "{voice}"}}, "must not contain placeholders"),
        ({"output": "raw"}, "needs rate_hz"),
        ({"rate_hz": 22050}, "only with `output: raw`"),
        ({"voices": {}}, "voices"),
        ({"voices": {"a": {}}}, "language"),
        ({"voices": {"a": {"language": "--evil"}}}, "language"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"exit_codes": {3: "deadline"}}, "exit_codes"),
        ({"shell": True}, "shell"),
        ({"directory": "/no/such/folder"}, "is not a directory"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_wrong_options_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        create(command_options() | wrong)


def test_it_works_on_the_loop_of_the_service() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def calls(serve: str) -> None:
        async with started(serve=serve, environment=MARKED) as engine:
            assert await asyncio.gather(*(counted(engine, "one two") for _ in range(10))) == [1600] * 10
            for order, kind in (("crash", EngineCrashed), ("exit69", Unavailable)):
                with pytest.raises(kind):
                    await counted(engine, order)
            task = asyncio.ensure_future(counted(engine, "stubborn"))
            await asyncio.sleep(0.1)
            task.cancel()
            assert await counted(engine, "one two") == 1600
        assert left_running() == []

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for serve in MODES:
            runner.run(calls(serve))


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs the program espeak-ng")
async def test_a_program_that_others_wrote_speaks() -> None:
    arguments = ["espeak-ng", "--stdin", "--stdout", "-v{voice}", "-s{words_per_minute}"]
    voices = {"en-us": {"language": "en-US"}, "cmn": {"language": "cmn-TW"}}
    engine = create({"arguments": arguments, "voices": voices, "rate_ratio": [0.5, 2.5]})
    await engine.start()
    english = await engine.synthesize(Utterance("The road to the north is closed.", "en-us", "en-US"))
    fast = await engine.synthesize(Utterance("The road to the north is closed.", "en-us", "en-US", rate_ratio=2))
    mandarin = await engine.synthesize(Utterance("往北的路已經封閉了。", "cmn", "cmn-TW"))
    await engine.close()

    assert english.rate_hz == 22_050
    assert 1 < english.duration_s < 4
    assert fast.duration_s < 0.7 * english.duration_s
    assert mandarin.duration_s > 1


@pytest.mark.timeout(300)
@pytest.mark.parametrize("serve", MODES)
async def test_five_hundred_calls_leave_nothing_behind(serve: str) -> None:
    """With cancels, hangs, cut-offs, crashes, floods and early ends among them."""
    limits = {
        "timeout_s": 10,
        "max_output_bytes": 200_000,
        "places": 6,
        "finish_within_s": 0.2,
        "stop_within_s": 0.1,
    }
    texts = ["one", "one two", "crash", "one crash", "flood", "odd", "exit3", "mp3", "nap", "die", "child die"]
    async with started(serve=serve, environment=MARKED, **limits) as engine:
        await counted(engine, "one")
        files, threads = open_files(), threading.active_count()

        async def call(number: int) -> None:
            text = {0: "stubborn", 63: "hang", 125: "hang"}.get(number % 250, texts[number % len(texts)])
            task = asyncio.ensure_future(engine.synthesize(replace(HELLO, text=text)))
            if number % 5 == 0:
                await asyncio.sleep(number % 7 * 0.01)
                task.cancel()
            with suppress(SegueError, asyncio.CancelledError):
                await task

        for first in range(0, 500, 20):
            await asyncio.gather(*(call(number) for number in range(first, first + 20)))
        assert await counted(engine, "one two") == 2 * BEAT_SAMPLES
        resting = engine.places if serve == "lines" else 0
        await soon(lambda: len(left_running()) == resting)
        assert open_files() - files <= 4 * resting
        assert threading.active_count() - threads <= 2
    assert left_running() == []
