"""Options: where the server is, and time limits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from segue.speech.engines.options import read_options

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "wyoming"
_DEFAULT_PORT = 10_200
_Positive = Annotated[float, Meta(gt=0)]
_Count = Annotated[int, Meta(ge=1)]


class Address(NamedTuple):
    """A host and port, or the path of a Unix socket."""

    host: str
    port: int
    path: str

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"


class WyomingOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fields are the options, which ``docs/engines/wyoming.md`` explains."""

    uri: str
    program: str = ""
    streaming: bool = True
    languages: dict[str, str] = {}
    verbalizes: bool = True
    max_input_bytes: _Count | None = None
    max_sentence_chars: _Count | None = None
    connections: _Count = 8
    keep_s: Annotated[float, Meta(ge=0)] = 30.0
    connect_timeout_s: _Positive = 5.0
    read_timeout_s: _Positive = 30.0
    max_output_bytes: _Count = 64 * 1024 * 1024
    max_audio_s: _Positive = 600.0
    family: str = NAME
    revision: str = ""

    def __post_init__(self) -> None:
        _ = self.address

    @classmethod
    def read(cls, options: Mapping[str, object]) -> WyomingOptions:
        """The options from a catalogue.

        Raises:
            ValueError: an option is missing, unknown, of another type or out of range.
        """
        return read_options(cls, options)

    @property
    def address(self) -> Address:
        """Raises ValueError if ``uri`` is not valid for the protocol."""
        if self.uri.startswith("unix://") and len(self.uri) > len("unix://"):
            return Address("", 0, self.uri.removeprefix("unix://"))
        parts = urlsplit(self.uri)
        if parts.scheme != "tcp" or not parts.hostname or re.sub(r"^[^/]*//[^/]*/?", "", self.uri):
            raise ValueError(f"uri is tcp://HOST:PORT or unix:///PATH, not {self.uri!r}")
        return Address(parts.hostname, parts.port or _DEFAULT_PORT, "")
