"""One server and its connection pool, with limits for time and bytes."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

import httpx
import msgspec

from segue.kernel.errors import BadAudio, ConfigurationError, SegueError, Unavailable
from segue.speech.engines.http.direct import DirectTransport, HttpxClient
from segue.speech.engines.http.failures import Read, VendorRefusal, failure_of, refusal_of, translated
from segue.speech.engines.http.secret import VendorSecret
from segue.speech.engines.quoting import scrubbed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping

    from segue.speech.engines.http.options import HttpOptions
    from segue.speech.engines.http.secret import Keys

_MOST_REFUSAL_BYTES = 65_536
_REFUSAL_TIMEOUT_S = 5.0
_MOST_LIST_BYTES = 16 * 2**20
_KEEPALIVE_S = 60.0
_MOST_URLS_KNOWN = 1000
_HEADERS = {"accept": "*/*", "accept-encoding": "identity", "connection": "keep-alive", "user-agent": "segue"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    ``path`` is relative to ``base_url``. ``text`` is the part of it that belongs to a listener; no message repeats
    it.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    text: str = ""


def json_call(path: str, content: Any, text: str, params: Mapping[str, str] | None = None) -> Call:
    """A request with a JSON body."""
    body = msgspec.json.encode(content)
    return Call("POST", path, params or {}, {"content-type": "application/json"}, body, text)


class RemoteServer:
    """The server at ``base_url``.

    ``signed`` returns the headers that contain a key or sign a call with it. ``read`` classifies a refusal.
    ``keys`` is the source of the key; None: the options. Redirects are not followed, because they would send the
    key elsewhere. Bodies are requested uncompressed, because otherwise a limit on bytes would not limit the
    content.
    """

    def __init__(
        self,
        options: HttpOptions,
        signed: Callable[[str, Call], Mapping[str, str]],
        read: Callable[[VendorRefusal], Read],
        keys: Keys | None = None,
    ) -> None:
        self._options = options
        self._signed = signed
        self._read = read
        self._secret = VendorSecret(options) if keys is None else keys
        self._client: httpx.AsyncBaseTransport | None = None
        self._urls: dict[str, httpx.URL] = {}
        timeout = httpx.Timeout(options.timeout_s, connect=options.connect_timeout_s)
        self._extensions = {"timeout": timeout.as_dict()}
        self.host = options.host

    @property
    def is_open(self) -> bool:
        return self._client is not None

    async def start(self) -> None:
        """Opens the pool. The server is not called yet.

        Raises:
            ConfigurationError: the key is missing, the certificates cannot be read, or a proxy cannot be used.
        """
        await self._secret.start()
        options = self._options
        if options.is_encrypted or (getproxies() and not options.is_near):
            self._client = HttpxClient(_client(options, await asyncio.to_thread(_roots, options)))
        else:
            self._client = DirectTransport(options.max_connections, _KEEPALIVE_S)

    async def close(self) -> None:
        """May be called twice. Calls in progress end with Unavailable."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    @asynccontextmanager
    async def answer(self, call: Call) -> AsyncIterator[httpx.Response]:
        """The response to a call. Its body has not been read yet.

        Raises:
            SegueError: it was refused, or there was no response.
        """
        client = self._opened()
        key = await self._secret.value()
        with self._in_our_terms():
            headers = {**_HEADERS, **call.headers, **(self._signed(key, call) if key else {})}
            request = httpx.Request(
                call.method, self._url(call), headers=headers, content=call.body, extensions=self._extensions
            )
            response = await client.handle_async_request(request)
            try:
                await self._check(response, call, key)
                yield response
            finally:
                await response.aclose()

    async def pieces(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        """The body of a response as it arrives.

        Raises:
            SegueError: it broke off, or is longer than ``max_answer_bytes``.
        """
        read_bytes = 0
        with self._in_our_terms():
            async for piece in response.aiter_raw():
                read_bytes += len(piece)
                self.check_length(read_bytes)
                yield piece

    def check_length(self, answer_bytes: int) -> None:
        """Raises BadAudio if a response, as received or decoded, is longer than ``max_answer_bytes``."""
        most_bytes = self._options.max_answer_bytes
        if answer_bytes > most_bytes:
            raise BadAudio(
                f"{self.host} sent more than {most_bytes} bytes (max_answer_bytes)", findings=("too_large",)
            )

    async def listed(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON at a path; None if there is no such path.

        Raises:
            SegueError: it was refused, there was no response, or it is not JSON.
        """
        try:
            async with self.answer(Call("GET", path, params or {})) as response:
                return msgspec.json.decode(await self._whole(response))
        except _NoSuchPath:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Unavailable(
                f"{self.host} answered {path} with something else than JSON: check base_url"
            ) from None

    async def _whole(self, response: httpx.Response) -> bytes:
        parts = bytearray()
        async for piece in response.aiter_raw():
            parts += piece
            if len(parts) > _MOST_LIST_BYTES:
                raise Unavailable(f"{self.host} sent a list of more than {_MOST_LIST_BYTES} bytes: check base_url")
        return bytes(parts)

    def _url(self, call: Call) -> httpx.URL:
        """The URL of a call. URLs are cached by path, because parsing one takes as long as sending a request."""
        url = self._urls.get(call.path)
        if url is None:
            url = httpx.URL(f"{self._options.base_url.rstrip('/')}/{call.path.lstrip('/')}")
            if len(self._urls) < _MOST_URLS_KNOWN:
                self._urls[call.path] = url
        return url.copy_merge_params(dict(call.params)) if call.params else url

    def _opened(self) -> httpx.AsyncBaseTransport:
        if self._client is None:
            raise Unavailable(f"the engine that calls {self.host} has not been started, or is already closed")
        return self._client

    async def _check(self, response: httpx.Response, call: Call, key: str) -> None:
        if response.is_redirect or response.has_redirect_location:
            raise Unavailable(
                f"{self.host} answered {response.status_code}, a redirect, which is not followed because it would "
                "take the key along: set base_url to the final address"
            )
        if not response.is_success:
            await self._refuse(response, call, key)
        if response.headers.get("content-encoding", "").strip().lower() not in {"", "identity"}:
            raise BadAudio(
                f"{self.host} sent a compressed answer although the request asked for an uncompressed one",
                findings=("content_encoding",),
            )

    async def _refuse(self, response: httpx.Response, call: Call, key: str) -> None:
        refusal = refusal_of(response, await _head_of(response))
        if call.method == "GET" and refusal.status in {httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED}:
            raise _NoSuchPath(f"{self.host} has no {call.path}")
        kind, said = self._read(refusal)
        raise failure_of(refusal, kind, self.host, scrubbed(said, call.text, key))

    @contextmanager
    def _in_our_terms(self) -> Iterator[None]:
        """Converts errors. A pool that is closed during a call can end it in many ways."""
        try:
            yield
        except Exception as error:
            if isinstance(error, SegueError | msgspec.DecodeError | UnicodeDecodeError | RecursionError):
                raise
            if self._client is None:
                raise Unavailable(f"the engine that calls {self.host} was closed during the call") from error
            raise translated(error, self.host) from error


class _NoSuchPath(Unavailable):
    """The server does not have this list."""


async def _head_of(response: httpx.Response) -> bytes:
    """The content of a refusal, as far as it arrives quickly. The status alone is sufficient."""
    said = bytearray()
    try:
        async with asyncio.timeout(_REFUSAL_TIMEOUT_S):
            async for piece in response.aiter_raw():
                said += piece
                if len(said) > _MOST_REFUSAL_BYTES:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass
    return bytes(said[:_MOST_REFUSAL_BYTES])


def _client(options: HttpOptions, roots: ssl.SSLContext) -> httpx.AsyncClient:
    """A client with the proxies of the environment. Servers on this machine are called without a proxy.

    Raises:
        ConfigurationError: a proxy of the environment cannot be used.
    """
    try:
        return httpx.AsyncClient(
            verify=roots,
            limits=httpx.Limits(
                max_connections=options.max_connections,
                max_keepalive_connections=options.max_connections,
                keepalive_expiry=_KEEPALIVE_S,
            ),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # no cookie is kept
            follow_redirects=False,
            trust_env=not options.is_near,
        )
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        told = (
            f"a proxy of the environment cannot be used ({type(error).__name__}), so {options.host} cannot be "
            "called: correct or unset HTTPS_PROXY, HTTP_PROXY, ALL_PROXY or NO_PROXY; a SOCKS proxy needs the "
            "package socksio"
        )
        raise ConfigurationError([told]) from error


def _roots(options: HttpOptions) -> ssl.SSLContext:
    """The trusted certificates. None for plain HTTP, because the usual roots take 10 MB."""
    if not options.is_encrypted:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not options.root_certificates_file:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=options.root_certificates_file)
    except OSError as error:
        raise ConfigurationError(
            [f"root_certificates_file {options.root_certificates_file} cannot be read: {error.strerror or error}"]
        ) from error
