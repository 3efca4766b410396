"""The file that is run, its arguments and its environment."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.engines.command.placeholders import filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from segue.speech.core.speech import Utterance
    from segue.speech.engines.command.options import CommandOptions

_INHERITED = frozenset("PATH HOME USER LOGNAME LANG LANGUAGE TZ TMPDIR LD_LIBRARY_PATH".split())
_INHERITED_PREFIX = "LC_"
_DIGEST_CHARS = 16
_LEAST_SECRET_CHARS = 4


class CommandLine(NamedTuple):
    """What is started. ``path`` is the program's file; ``arguments`` begin with the name for the call."""

    path: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    directory: str | None


class Program:
    """The program from the options.

    Raises:
        ValueError: there is no such program, or it is not executable.
    """

    def __init__(self, options: CommandOptions) -> None:
        self._options = options
        self._directory = str(Path(options.directory).expanduser()) if options.directory else None
        if self._directory and not Path(self._directory).is_dir():
            raise ValueError(f"directory {options.directory!r} does not exist or is not a directory")
        self.path = _found(options.arguments[0], self._directory)
        self._inherited = _inherited(options.pass_environment)
        self.version = f"{options.version or _digest_of_files(self._files())}-{_digest_of_options(options)}"

    def line(self, values: Mapping[str, str]) -> CommandLine:
        """The command with its placeholders replaced."""
        named = {name: filled(value, values) for name, value in self._options.environment.items()}
        arguments = tuple(filled(word, values) for word in self._options.arguments)
        return CommandLine(self.path, arguments, {**self._inherited, **named}, self._directory)

    @property
    def fault(self) -> str:
        """Why it cannot be run now; empty if it can."""
        if os.access(self.path, os.X_OK):
            return ""
        return f"{self._options.arguments[0]!r} no longer exists or may no longer be executed"

    @property
    def secrets(self) -> frozenset[str]:
        """Values that no message may contain, because an operator may have put a password into any of them."""
        passed = {self._inherited.get(name, "") for name in self._options.pass_environment}
        values = passed | set(self._options.environment.values())
        return frozenset(value for value in values if len(value) >= _LEAST_SECRET_CHARS)

    def _files(self) -> list[Path]:
        """The program, and the scripts and models among its arguments. Changing any of them changes the sound."""
        base = Path(self._directory or ".")
        named = [base / word for word in self._options.arguments[1:]]
        return [Path(self.path), *(path for path in named if _is_file(path))]


def _found(name: str, directory: str | None) -> str:
    """The file for a name.

    With a slash it is a path (relative to ``directory``), otherwise PATH is searched.
    """
    wanted = str(Path(directory or ".", Path(name).expanduser()).absolute()) if "/" in name else name
    path = shutil.which(wanted)
    if path is None:
        where = "PATH has no such program" if "/" not in name else "there is no such file, or it may not be run"
        raise ValueError(f"cannot run {name!r}: {where}")
    return str(Path(path).absolute())


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long for a name, or with a NUL
        return False


def _inherited(more: Iterable[str]) -> dict[str, str]:
    """Only the variables that were requested, because this process has keys in its environment."""
    wanted = _INHERITED | set(more)
    return {
        name: value for name, value in os.environ.items() if name in wanted or name.startswith(_INHERITED_PREFIX)
    }


def _digest_of_files(paths: Iterable[Path]) -> str:
    digests = []
    for path in paths:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:_DIGEST_CHARS]


def _digest_of_options(options: CommandOptions) -> str:
    """A digest of the options that change the sound."""
    voices = {name: voice.sent_as for name, voice in sorted(options.voices.items())}
    sounding = [options.arguments, sorted(options.environment.items()), voices, options.words_per_minute]
    form = [options.serve, options.output, options.rate_hz, options.encoding, options.channels]
    return hashlib.sha256(json.dumps([sounding, form]).encode()).hexdigest()[:_DIGEST_CHARS]


def values_of(utterance: Utterance, options: CommandOptions) -> dict[str, str]:
    """The values of the placeholders. None of them is the caller's own text: names come from the catalogue."""
    voice = options.voices[utterance.voice]
    rate = utterance.rate_ratio
    return {
        "voice": voice.sent_as or utterance.voice,
        "language": voice.language,
        "rate_ratio": _decimal(rate),
        "rate_percent": _decimal(100 * rate),
        "length_ratio": _decimal(1 / rate),
        "words_per_minute": str(round(options.words_per_minute * rate)),
        "pitch_semitones": _decimal(utterance.pitch_semitones),
        "pitch_ratio": _decimal(2.0 ** (utterance.pitch_semitones / 12)),
    }


_decimal: Callable[[float], str] = "{:.6g}".format
