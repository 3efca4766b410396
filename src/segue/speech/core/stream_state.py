"""The states of a stream, and how much of its text has been heard. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.speech.core.lines import Line


class StreamState(Enum):
    """The state of a stream. The last three are final. A stream is accounted for when it enters one of them."""

    SENDING = "sending"
    """Audio that has been made is being sent to the listener."""

    WAITING = "waiting"
    """The stream, and with it the listener, waits for the engine."""

    ENDED = "ended"
    """The whole text has been sent."""

    CUT = "cut"
    """The stream was cut off, because no arm could say the rest."""

    LEFT = "left"
    """The listener closed the stream before its end."""

    @property
    def is_final(self) -> bool:
        return not _NEXT[self]

    def then(self, state: StreamState) -> StreamState:
        """The next state.

        Raises:
            ValueError: the stream cannot change from this state to that one.
        """
        if state not in _NEXT[self]:
            raise ValueError(f"a stream cannot change from {self.value} to {state.value}")
        return state


_NEXT: dict[StreamState, frozenset[StreamState]] = {
    StreamState.SENDING: frozenset({StreamState.WAITING, StreamState.ENDED, StreamState.CUT, StreamState.LEFT}),
    # If an engine fails, the stream goes on waiting, now for the backup.
    StreamState.WAITING: frozenset({StreamState.WAITING, StreamState.SENDING, StreamState.CUT, StreamState.LEFT}),
    StreamState.ENDED: frozenset(),
    StreamState.CUT: frozenset(),
    StreamState.LEFT: frozenset(),
}


@dataclass(frozen=True, slots=True)
class HeardText:
    """How much of a text has been heard: all lines up to character ``chars``, and perhaps a part of the next."""

    chars: int = 0
    part_of_next: bool = False

    def with_part(self) -> HeardText:
        """The value after some audio of the next line."""
        return self if self.part_of_next else HeardText(self.chars, part_of_next=True)

    def with_line(self, line: Line) -> HeardText:
        """The value after the whole of a line."""
        return HeardText(line.start + len(line.text))

    def from_new_line(self) -> HeardText:
        """The value after a backup has taken over, of which nothing has been heard yet."""
        return HeardText(self.chars)

    def resume_at(self, left: Sequence[Line]) -> Line:
        """The line with which a backup continues.

        ``left`` are the remaining lines, beginning with the one that broke off. The backup continues with that
        line, or with the next one if some of it was heard. The last line is always repeated, because hearing it
        twice is better than hearing half of it.
        """
        return left[1] if self.part_of_next and len(left) > 1 else left[0]


NOTHING_HEARD = HeardText()
