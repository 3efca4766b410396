"""One recorder in front of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segue.kernel.ports.recorder import RecorderListener

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.kernel.ports.recorder import Recorder

_EVENTS = tuple(name for name in vars(RecorderListener) if not name.startswith("_"))


class FanOut(RecorderListener):
    """Passes each event to the listeners that handle it, in their order.

    An event that one listener handles costs no call of its own: its method is the listener's.
    """

    def __init__(self, *listeners: Recorder) -> None:
        for event in _EVENTS:
            handlers = [getattr(listener, event) for listener in listeners if _handles(listener, event)]
            if handlers:
                setattr(self, event, handlers[0] if len(handlers) == 1 else _each(tuple(handlers)))


def _handles(listener: Recorder, event: str) -> bool:
    return getattr(getattr(listener, event), "__func__", None) is not vars(RecorderListener)[event]


def _each(handlers: tuple[Callable[..., None], ...]) -> Callable[..., None]:
    def handled_by_each(*values: Any, **named: Any) -> None:
        for handler in handlers:
            handler(*values, **named)

    return handled_by_each
