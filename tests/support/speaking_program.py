"""A program that speaks, and has the habits of programs: it crashes, hangs, floods and lies as its text says.

    python speaking_program.py [--lines] [--raw] [--rate R] [--unread STATUS] [--broken] [--never]

A word of the text is a tenth of a second of tone, unless it is an order.
"""

from __future__ import annotations

import json
import math
import os
import signal
import struct
import subprocess
import sys
import time

RATE_HZ = 8000
UNKNOWN = 0xFFFFFFFF
OUT = sys.stdout.buffer


def tone(seconds: float) -> bytes:
    count = round(seconds * RATE_HZ)
    return b"".join(struct.pack("<h", round(8000 * math.sin(at / 3))) for at in range(count))


def header(data_bytes: int = UNKNOWN, channels: int = 1) -> bytes:
    form = (16, 1, channels, RATE_HZ, RATE_HZ * 2 * channels, 2 * channels, 16)
    return b"RIFF" + struct.pack("<I4s4sIHHIIHH4sI", UNKNOWN, b"WAVE", b"fmt ", *form, b"data", data_bytes)


MP3 = b"ID3\x04" + bytes(500)
STEREO = struct.pack("<hh", 1000, 3000) * 800
FILES = {
    "nothing": b"",
    "mp3": MP3,
    "wav_in_raw": header() + tone(0.3),
    "cut": header(16_000) + tone(0.3),
    "stereo": header(len(STEREO), 2) + STEREO + b"LIST\x04\x00\x00\x00abcd",
}
GARBAGE = {"garble": b"\x00\x01 this is no line\n", "huge_line": b"x" * 100_000}


def write(data: bytes) -> None:
    OUT.write(data)
    OUT.flush()


def complain(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def leave_behind(*, session: bool = False) -> None:
    """Somebody who holds the output open."""
    subprocess.Popen([sys.executable, "-S", "-E", "-c", "import time; time.sleep(600)"], start_new_session=session)


def obey(word: str, text: str) -> None:
    if word == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if word in {"stubborn", "hang"}:
        time.sleep(600)
    if word == "nap":
        time.sleep(0.2)
    if word == "shut":
        OUT.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), OUT.fileno())
    if word in {"crash", "killed"}:
        os.kill(os.getpid(), signal.SIGSEGV if word == "crash" else signal.SIGKILL)
    if word in {"child", "escape"}:
        leave_behind(session=word == "escape")
    complain_or_end(word, text)


def complain_or_end(word: str, text: str) -> None:
    if word == "noise_on_stderr":
        for _ in range(2000):
            complain("x" * 1000)
    while word == "complain":
        complain("x" * 100_000)
    if word.startswith("exit"):
        complain("it cannot say so")
        sys.exit(int(word.removeprefix("exit")))
    if word == "leak":
        complain(f"cannot say {text!r} with {os.environ.get('PASSWORD', '')}")
        sys.exit(3)
    if word == "die":
        sys.exit(0)


def sound(word: str, rate: float) -> bytes:
    """Numbers are told as so many samples."""
    if word == "nice":
        return bytes(2 * (100 + os.getpriority(os.PRIO_PROCESS, 0)))
    if word == "env":
        return bytes(2 * sum(name.startswith(("SEGUE_", "OPENAI_")) for name in os.environ))
    if word == "pid":
        return bytes(2 * os.getpid())
    return b"x" if word == "odd" else tone(0.1 / rate)


def once(arguments: list[str]) -> None:
    if "--unread" in arguments:
        sys.exit(int(arguments[arguments.index("--unread") + 1]))
    rate = float(arguments[arguments.index("--rate") + 1]) if "--rate" in arguments else 1.0
    text = sys.stdin.buffer.read().decode()
    if text in FILES:
        write(FILES[text])
        return
    if "--raw" not in arguments:
        write(header())
    for word in text.split():
        obey(word, text)
        while word == "flood":
            write(bytes(65536))
        write(sound(word, rate))


def answer(line: dict[str, object]) -> None:
    write(json.dumps(line).encode() + b"\n")


def chunk(data: bytes) -> None:
    answer({"bytes": len(data)})
    write(data)


def said(text: str, rate: float, *, raw: bool) -> None:
    if text == "mp3":
        chunk(MP3)
    elif not raw:
        chunk(header())
    for word in text.split():
        obey(word, text)
        while word == "flood":
            chunk(bytes(65536))
        if text != "mp3":
            chunk(sound(word, rate))
    answer({"end": True})
    if "babble" in text:
        time.sleep(0.1)
        chunk(tone(0.1))


def lines(arguments: list[str]) -> None:
    if "--never" in arguments:
        time.sleep(600)
    if "--broken" in arguments:
        complain("no model at /models/x")
        sys.exit(1)
    answer({"ready": True})
    for line in sys.stdin.buffer:
        request = json.loads(line)
        text = request["text"]
        if text in GARBAGE:
            write(GARBAGE[text])
        elif text == "refuse":
            answer({"error": "it has no such word", "code": "unsupported"})
        else:
            said(text, request["rate_ratio"], raw="--raw" in arguments)


if __name__ == "__main__":
    (lines if "--lines" in sys.argv else once)(sys.argv[1:])
