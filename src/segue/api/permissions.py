"""Which permission each HTTP request needs, if the service requires keys. What is not listed here needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from segue.access.roles import Api, Permission
from segue.api import credentials
from segue.api.elevenlabs import errors as elevenlabs_errors
from segue.api.elevenlabs import speech as elevenlabs_speech
from segue.api.google_rest import errors as google_errors
from segue.api.google_rest import synthesize as google_synthesize
from segue.api.guard import GuardRule
from segue.api.native import audio as native_audio
from segue.api.native import errors as native_errors
from segue.api.openai import errors as openai_errors
from segue.api.openai.lists import OPENAI_LISTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from starlette.routing import BaseRoute

    from segue.api.asgi import App, Receive, Scope, Send
    from segue.api.guard import Guard
    from segue.api.links import Links

NATIVE = GuardRule(Api.NATIVE, credentials.bearer, native_errors.refused)
OPENAI = GuardRule(Api.OPENAI, credentials.bearer, openai_errors.refused)
ELEVENLABS = GuardRule(Api.ELEVENLABS, credentials.of_elevenlabs, elevenlabs_errors.refused)
GOOGLE = GuardRule(Api.GOOGLE, credentials.of_google, google_errors.refused)

_CONTROL = ("/api/v1/rollout", "/api/v1/config", "/api/v1/faults", "/api/v1/keys", "/api/v1/usage")
"""The control API, whose routes check their operators themselves, with or without keys."""

_GOOGLES_SYNTHESIS = frozenset({google_synthesize.PATH, google_synthesize.BETA_PATH})


def needed_by_elevenlabs(scope: Scope) -> Permission:
    is_speech = scope["path"].startswith(elevenlabs_speech.PREFIX)
    return Permission.SYNTHESIZE if is_speech else Permission.LIST


def needed_by_google(scope: Scope) -> Permission:
    return Permission.SYNTHESIZE if scope["path"] in _GOOGLES_SYNTHESIS else Permission.LIST


def needed_by_jobs(scope: Scope) -> Permission:
    del scope
    return Permission.SYNTHESIZE


def guarded_audio(guard: Guard, audio: App, links: Links) -> App:
    """Stored audio. Its signed URL is enough to hear it, so that players need no key. To delete it takes a key."""
    if guard.is_open:
        return audio
    guarded = guard.guarded(audio, NATIVE, Permission.SYNTHESIZE)

    async def admit(scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].removeprefix(native_audio.PREFIX)
        is_signed = scope["method"] in ("GET", "HEAD") and links.lasts_s(name, scope["query_string"]) > 0
        await (audio if is_signed else guarded)(scope, receive, send)

    return admit


def is_control(scope: Scope) -> bool:
    """Whether a request belongs to the control API."""
    return scope["type"] == "http" and str(scope["path"]).startswith(_CONTROL)


def opened_by(routes: Iterable[BaseRoute]) -> frozenset[tuple[str, str]]:
    """The methods and paths of these routes, which need no key. Their paths have no parameters."""
    return frozenset(
        (method, route.path) for route in routes if isinstance(route, Route) for method in route.methods or ()
    )


def guarded_rest(guard: Guard, rest: App, opened: Collection[tuple[str, str]]) -> App:
    """Everything else: pages, health, metrics, lists and the control API.

    ``opened`` are the methods and paths that need no key. Below them, and with other methods, a key is needed, so
    that responses do not show to others which routes there are.
    """
    if guard.is_open:
        return rest
    native = guard.guarded(rest, NATIVE, Permission.LIST)
    openai = guard.guarded(rest, OPENAI, Permission.LIST)

    async def admit(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) in opened or is_control(scope):
            await rest(scope, receive, send)
        else:
            of_openai = scope["path"].startswith(OPENAI_LISTS)
            await (openai if of_openai else native)(scope, receive, send)

    return admit
