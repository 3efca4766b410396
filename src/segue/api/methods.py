"""Refuses wrong methods in the dialect that the path belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.api.refusals import WrongMethod

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.api.asgi import App, Receive, Response, Scope, Send
    from segue.kernel.errors import SegueError


def only(method: str, refused: Callable[[SegueError, str], Response]) -> App:
    """An app that refuses every request with 405 and names ``method``; ``refused`` formats the dialect's error."""

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        await refused(WrongMethod(scope["method"], method), "")(send)

    return refuse
