"""Long texts: ``/api/v1/audio/jobs``, taken in at once, made in the background, followed and cancelled by name.

``POST`` takes a text (202 and its place); ``GET .../{id}`` tells how far it is, ``GET .../{id}/events`` does so as
it goes (server-sent events), ``GET .../{id}/audio`` is the file, ``DELETE .../{id}`` cancels. Who knows the name
of a job may do all of it: names cannot be guessed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import FileResponse

from segue.api.asgi import ClientGone, Response, headers_of
from segue.api.native.errors import refused
from segue.api.native.request import DIALECT, understood
from segue.api.native.wire import MAX_JOB_CHARS, JobBody, job_answer
from segue.api.streaming import send_chunks
from segue.api.wire import decoded
from segue.core.errors import InvalidRequest, SegueError
from segue.core.speech import CONTENT_TYPES, Container
from segue.ports.jobs import JobState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.api.asgi import App, Header, Receive, Scope, Send
    from segue.api.context import Context
    from segue.ports.jobs import Job
    from segue.service.jobs import Jobs

PATH = "/api/v1/audio/jobs"
MOST_JOB_BYTES = 1024 * 1024
_PLACE = re.compile(rf"{PATH}(?:/(?P<id>[^/]+)(?P<part>/events|/audio)?)?")
_ID = re.compile(r"[0-9a-f]{32}")
_DECODER = msgspec.json.Decoder(JobBody)
_ENCODER = msgspec.json.Encoder()
_JSON = (b"content-type", b"application/json")
_EVENTS: list[Header] = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
_METHODS = {None: ("POST",), "": ("GET", "DELETE"), "/events": ("GET",), "/audio": ("GET", "HEAD")}


class JobsDoor:
    """The door as a plain ASGI application."""

    def __init__(self, context: Context, jobs: Jobs) -> None:
        self._context = context
        self._jobs = jobs

    def door_for(self, scope: Scope) -> App | None:
        """Who answers; None where the request is another's."""
        return self if _PLACE.fullmatch(scope["path"]) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        request_id = self._context.identity.request_id(headers)
        try:
            answer = await self._respond(scope, receive, headers, request_id)
        except ClientGone:
            return
        except SegueError as error:
            self._context.note_refusal(DIALECT, error)
            answer = _whole(refused(error, request_id))
        await answer(scope, receive, send)

    async def _respond(self, scope: Scope, receive: Receive, headers: dict[bytes, bytes], request_id: str) -> App:
        place = _PLACE.fullmatch(scope["path"])
        assert place is not None, "only asked for its own paths"
        job_id, part = place["id"], place["part"] or ""
        allowed = _METHODS[None if job_id is None else part]
        if scope["method"] not in allowed:
            return _whole(Response(405, [(b"allow", ", ".join(allowed).encode())], b""))
        base = self._context.base_url(scope, headers) + PATH
        if job_id is None:
            raw = await self._context.bodies.read(receive, MOST_JOB_BYTES)
            body = decoded(_DECODER, raw)
            request = understood(self._context, raw, body, headers, request_id, MAX_JOB_CHARS)
            job = await self._jobs.submit(request)
            return _told(202, job, base, request_id, [(b"location", f"{base}/{job.id}".encode())])
        found = await self._known(job_id, cancels=scope["method"] == "DELETE")
        if found is None:
            gone = refused(InvalidRequest("no such job, or no longer kept: submit the text again"), request_id)
            return _whole(gone._replace(status=404))
        if part == "/events":
            return _followed(self._jobs.follow(job_id), base)
        return self._file(found, request_id) if part == "/audio" else _told(200, found, base, request_id, [])

    async def _known(self, job_id: str, *, cancels: bool) -> Job | None:
        """The job, cancelled if so wished; what cannot be the name of one is not looked for."""
        if not _ID.fullmatch(job_id):
            return None
        return await (self._jobs.cancel(job_id) if cancels else self._jobs.look(job_id))

    def _file(self, job: Job, request_id: str) -> App:
        if job.state is not JobState.DONE:
            hope = "submit the text again" if job.state.over else "its audio is there once it is done"
            missing = refused(InvalidRequest(f"the job is {job.state}; {hope}"), request_id)
            return _whole(missing._replace(status=409))
        kind = CONTENT_TYPES[Container(job.container)]
        return FileResponse(self._jobs.audio(job.id), media_type=kind, headers={"x-request-id": request_id})


def _whole(response: Response) -> App:
    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await response(send)

    return answered


def _told(status: int, job: Job, base: str, request_id: str, more: list[Header]) -> App:
    headers = [_JSON, (b"x-request-id", request_id.encode()), *more]
    return _whole(Response(status, headers, _ENCODER.encode(job_answer(job, base))))


def _followed(changes: AsyncIterator[Job], base: str) -> App:
    """``progress`` for every change; the last one is named as the job has ended."""

    async def events() -> AsyncIterator[bytes]:
        async for job in changes:
            name = str(job.state) if job.state.over else "progress"
            yield b"event: %s\ndata: %s\n\n" % (name.encode(), _ENCODER.encode(job_answer(job, base)))

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await send_chunks(events(), _EVENTS, receive, send)

    return answered
