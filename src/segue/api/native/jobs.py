"""Jobs for long texts: ``/api/v1/audio/jobs``. A job is accepted immediately and runs in the background.

``POST`` submits a text (202 with the job's URL). ``GET .../{id}`` returns the job's state, ``GET .../{id}/events``
streams it (server-sent events), ``GET .../{id}/audio`` returns the file, and ``DELETE .../{id}`` cancels the job.
Anyone who knows a job's id may do all of this; ids cannot be guessed. If keys are required, it takes one for the
job's character; to all others, the job does not exist.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import structlog

from segue.api.asgi import ClientGone, Response, headers_of
from segue.api.caller import caller_name, count_text, may_use
from segue.api.client import client_address
from segue.api.native.errors import refused
from segue.api.native.job_file import job_file
from segue.api.native.request import DIALECT, understood
from segue.api.native.wire import MAX_JOB_CHARS, JobBody, job_answer
from segue.api.refusals import WrongMethod
from segue.api.streaming import send_chunks
from segue.api.wire import decoded
from segue.kernel.errors import InvalidRequest, SegueError
from segue.speech.ports.jobs import JobState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from segue.api.asgi import App, Header, Receive, Scope, Send
    from segue.api.context import Context
    from segue.speech.core.speech import SpeechRequest
    from segue.speech.ports.jobs import Job
    from segue.speech.service.jobs import Jobs

PATH = "/api/v1/audio/jobs"
MOST_JOB_BYTES = 1024 * 1024
_PLACE = re.compile(rf"{PATH}(?:/(?P<id>[^/]+)(?P<part>/events|/audio)?)?")
_ID = re.compile(r"[0-9a-f]{32}")
_DECODER = msgspec.json.Decoder(JobBody)
_ENCODER = msgspec.json.Encoder()
_JSON = (b"content-type", b"application/json")
_EVENTS: list[Header] = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
_METHODS = {None: ("POST",), "": ("GET", "DELETE"), "/events": ("GET",), "/audio": ("GET", "HEAD")}


class JobsEndpoint:
    """The endpoint as a plain ASGI application."""

    def __init__(self, context: Context, jobs: Jobs) -> None:
        self._context = context
        self._jobs = jobs

    def door_for(self, scope: Scope) -> App | None:
        """The endpoint for the request; None if it belongs to another dialect."""
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
        try:
            await answer(scope, receive, send)
        except SegueError as error:
            structlog.get_logger("segue.api").warning(
                "job_answer_cut_off",
                code=error.code,
                reason=str(error),
                effect="the client got only the beginning of the response; it can send the request again",
            )

    async def _respond(self, scope: Scope, receive: Receive, headers: dict[bytes, bytes], request_id: str) -> App:
        place = _PLACE.fullmatch(scope["path"])
        assert place is not None, "door_for admits only matching paths"
        job_id, part = place["id"], place["part"] or ""
        allowed = _METHODS[None if job_id is None else part]
        if scope["method"] not in allowed:
            raise WrongMethod(scope["method"], *allowed)
        base = self._context.base_url(scope, headers) + PATH
        if job_id is None:
            raw = await self._context.bodies.read(receive, MOST_JOB_BYTES, headers.get(b"content-encoding"))
            threads = self._context.threads
            request = await threads.run_if_long(len(raw), self._understood, raw, headers, request_id)
            await count_text(len(request.text))
            job = await self._jobs.submit(request, client_address())
            return _told(202, job, base, request_id, [(b"location", f"{base}/{job.id}".encode())])
        found = await self._known(job_id, cancels=scope["method"] == "DELETE")
        if found is None:
            gone = refused(
                InvalidRequest("the job does not exist or is no longer stored; submit the text again"), request_id
            )
            return _whole(gone._replace(status=404))
        if part == "/events":
            return _followed(self._jobs.follow(job_id), base, self._jobs.followers.enter(job_id))
        if part == "/audio":
            return await self._file(found, headers, request_id)
        return _told(200, found, base, request_id, [])

    def _understood(self, raw: bytes, headers: dict[bytes, bytes], request_id: str) -> SpeechRequest:
        body = decoded(_DECODER, raw)
        return self._context.allowed(understood(self._context, raw, body, headers, request_id, MAX_JOB_CHARS))

    async def _known(self, job_id: str, *, cancels: bool) -> Job | None:
        """The job, cancelled if ``cancels``; None if the id is invalid or unknown, or the caller may not use the
        job's character.
        """
        found = await self._jobs.look(job_id) if _ID.fullmatch(job_id) else None
        if found is None or not may_use(found.character_key):
            return None
        return await self._cancelled(found) if cancels else found

    async def _cancelled(self, job: Job) -> Job | None:
        cancelled = await self._jobs.cancel(job.id)
        if cancelled is not None and not job.state.over:
            log = structlog.get_logger("segue.api")
            log.info("job_cancel", actor=caller_name(), job=job.id, state=cancelled.state, client=client_address())
        return cancelled

    async def _file(self, job: Job, headers: dict[bytes, bytes], request_id: str) -> App:
        if job.state is not JobState.DONE:
            hope = "submit the text again" if job.state.over else "its audio is available when it is done"
            missing = refused(InvalidRequest(f"the job's state is {job.state}; {hope}"), request_id)
            return _whole(missing._replace(status=409))
        return await job_file(self._jobs, job, headers, [(b"x-request-id", request_id.encode())])


def _whole(response: Response) -> App:
    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await response(send)

    return answered


def _told(status: int, job: Job, base: str, request_id: str, more: list[Header]) -> App:
    headers = [_JSON, (b"x-request-id", request_id.encode()), *more]
    return _whole(Response(status, headers, _ENCODER.encode(job_answer(job, base))))


def _followed(changes: AsyncIterator[Job], base: str, leave: Callable[[], None]) -> App:
    """A ``progress`` event for every change; the last is named after the final state. Calls ``leave`` then."""

    async def events() -> AsyncIterator[bytes]:
        async for job in changes:
            name = str(job.state) if job.state.over else "progress"
            yield b"event: %s\ndata: %s\n\n" % (name.encode(), _ENCODER.encode(job_answer(job, base)))

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        try:
            await send_chunks(events(), _EVENTS, receive, send)
        finally:
            leave()

    return answered
