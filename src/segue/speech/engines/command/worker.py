"""One warm program, which makes one text at a time."""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from segue.kernel.errors import EngineCrashed, InternalFailure, SegueError, Unavailable
from segue.speech.engines.command.answers import Answers, GarbledLine
from segue.speech.engines.command.failures import (
    KINDS,
    LATE,
    LEFT,
    TOO_MUCH,
    Ending,
    failure_of,
    signal_name,
)
from segue.speech.engines.command.launch import Ears, LaunchOrder
from segue.speech.engines.command.speech import Inbox
from segue.speech.engines.quoting import last_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.speech.core.speech import Utterance
    from segue.speech.engines.command.answers import ProgramLine
    from segue.speech.engines.command.launch import Launcher
    from segue.speech.engines.command.options import CommandOptions
    from segue.speech.engines.command.program import Program
    from segue.speech.engines.command.running import RunningProgram

_GARBLED = "garbled"
_SLOW_START = "slow start"
_MUTE = "mute"
_TEXTS_HIDDEN = 3
_GONE_WITHOUT_BLAME = (0, -signal.SIGKILL)
_HOW = {
    _GARBLED: "Segue ended it",
    _MUTE: "it closed its output",
    _SLOW_START: "it did not become ready within start_within_s",
    LATE: "it did not answer within timeout_s",
    TOO_MUCH: "it wrote more than max_output_bytes",
    LEFT: "it did not end an answer that nobody wanted within finish_within_s",
}


class Exchange:
    """One request and its response. ``is_over``: the program has reported that the response is complete, or why it
    failed.
    """

    def __init__(self, most_bytes: int) -> None:
        self.inbox = Inbox(most_bytes)
        self.is_over = False
        self.error: ProgramLine | None = None
        self.timers: list[asyncio.TimerHandle] = []

    def finish(self) -> None:
        """Marks the exchange as over."""
        self.is_over = True
        for timer in self.timers:
            timer.cancel()
        self.inbox.over()


class Worker:
    """``rested`` is called whenever the program can accept a request. ``gone`` is done when it has ended."""

    def __init__(self, options: CommandOptions, program: Program, rested: Callable[[Worker], None]) -> None:
        self.gone = asyncio.Event()
        self._options = options
        self._program = program
        self._rested = rested
        self._answers = Answers()
        self._ready = asyncio.Event()
        self._is_ready = False
        self._exchange: Exchange | None = None
        self._texts: deque[str] = deque(maxlen=_TEXTS_HIDDEN)
        self._fault = ""
        self._running: RunningProgram | None = None

    @property
    def is_alive(self) -> bool:
        return self._running is not None and self._running.is_alive

    async def start(self, launcher: Launcher, niceness: int) -> None:
        """Returns when the program is ready.

        Raises:
            SegueError: it is not; the message says why.
        """
        order = LaunchOrder(self._program.line({}), None, niceness)
        self._running = running = await launcher.run(order, Ears(self._hear, self._end))
        timer = running.limit(self._options.start_within_s, _SLOW_START)
        await self._ready.wait()
        timer.cancel()
        if not self._is_ready:
            ending = await self._ending()
            raise Unavailable(f"the program was not ready: {self._how(ending)}")
        self._rested(self)

    def speak(self, utterance: Utterance) -> Exchange:
        """Sends the request. The program must be idle."""
        assert self._running is not None
        assert self._exchange is None, "one text at a time"
        self._exchange = exchange = Exchange(self._options.max_output_bytes)
        self._texts.append(utterance.text)
        self._running.forget_complaint()
        exchange.timers.append(self._running.limit(self._options.timeout_s, LATE))
        self._running.write(self._request(utterance))
        if self.gone.is_set():
            exchange.inbox.over()
        return exchange

    def leave(self, exchange: Exchange) -> None:
        """The rest of this response is not needed. The program may complete it within a short time."""
        if not exchange.is_over and self._running is not None:
            exchange.inbox.abandon()
            exchange.timers.append(self._running.limit(self._options.finish_within_s, LEFT))

    def drop(self) -> None:
        """Ends the program, because its output is not as declared."""
        if self._running is not None:
            self._running.stop(LEFT)

    async def failure(self, exchange: Exchange) -> SegueError | None:
        """Why the response failed; None if it is complete."""
        if exchange.error is not None:
            return self._told(exchange.error)
        if exchange.is_over:
            return None
        ending = await self._ending()
        if ending.ended_for == _GARBLED:
            return InternalFailure(f"the program wrote {self._fault}, and is replaced")
        if ending.ended_for == _MUTE:
            return InternalFailure("the program closed its output, and is replaced")
        if ending.status == 0 and not ending.ended_for:
            return EngineCrashed("the program ended in the middle of this text, and is replaced")
        return failure_of(ending, self._options)

    async def is_blameless(self, exchange: Exchange) -> bool:
        """Whether the program had ended, or was killed from outside, before it sent anything, so that another may
        be used.
        """
        if exchange.is_over or not exchange.inbox.is_empty:
            return False
        ending = await self._ending()
        return not ending.ended_for and ending.status in _GONE_WITHOUT_BLAME

    async def how_it_ended(self) -> str:
        """How the program ended, in words for the log."""
        return self._how(await self._ending())

    def _how(self, ending: Ending) -> str:
        if ending.ended_for:
            how = _HOW.get(ending.ended_for, ending.ended_for)
            return f"{how}, because it wrote {self._fault}" if self._fault else how
        killed = ending.status is None or ending.status < 0
        how = (
            f"it was killed by {signal_name(ending.status)}" if killed else f"it ended with status {ending.status}"
        )
        return f"{how} ({ending.complaint})" if ending.complaint else how

    async def _ending(self) -> Ending:
        running = self._running
        assert running is not None
        status = await asyncio.shield(running.ended)
        return Ending(status, running.ended_for, self._shown(running.complaint))

    def _shown(self, complaint: str) -> str:
        """The program's message without quotations from recent texts, because the message may be late."""
        return last_line(complaint, "\n".join(self._texts), self._program.secrets)

    def _request(self, utterance: Utterance) -> bytes:
        voice = self._options.voices[utterance.voice]
        request = {
            "text": utterance.text,
            "voice": voice.sent_as or utterance.voice,
            "language": voice.language,
            "rate_ratio": utterance.rate_ratio,
            "pitch_semitones": utterance.pitch_semitones,
        }
        return msgspec.json.encode(request) + b"\n"

    def _told(self, error: ProgramLine) -> SegueError:
        kind = KINDS.get(error.code or "", InternalFailure)
        said = self._shown(error.error or "")
        return kind(f"the program refused the text{f' ({said})' if said else ''}")

    def _hear(self, data: bytes) -> str:
        """Takes in what it wrote, nothing at the end; answers why it must be ended, if it must."""
        if not data and self._running is not None:
            self._running.limit(self._options.stop_within_s, _MUTE)  # it may be about to end by itself
        try:
            for answer in self._answers.fed(data):
                why = self._heard_sound(answer) if isinstance(answer, bytes) else self._take(answer)
                if why:
                    return why
        except GarbledLine as error:
            return self._garbled(str(error))
        return ""

    def _heard_sound(self, data: bytes) -> str:
        if self._exchange is None:
            return self._garbled("sound that nobody had asked for")
        return self._exchange.inbox.heard(data)

    def _take(self, line: ProgramLine) -> str:
        if not self._is_ready:
            if line.ready is None:
                return self._garbled('something else before {"ready": true}')
            self._is_ready = True
            self._ready.set()
            return ""
        if line.ready is not None or self._exchange is None:
            return self._garbled("an answer that nobody had asked for")
        exchange, self._exchange = self._exchange, None
        exchange.error = line if line.error is not None else None
        exchange.finish()
        self._rested(self)
        return ""

    def _garbled(self, fault: str) -> str:
        self._fault = fault
        return _GARBLED

    def _end(self) -> None:
        """The program has ended, or could not be started."""
        self._ready.set()
        self.gone.set()
        if self._exchange is not None:
            self._exchange.inbox.over()
