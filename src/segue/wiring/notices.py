"""Builds the recipients of notices from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from segue.kernel.errors import ConfigurationError
from segue.rollout.notify.addresses import CheckedTransport
from segue.rollout.notify.retrying import Retrying, RetryLimits
from segue.rollout.notify.webhook import WebhookTarget
from segue.system.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

    from segue.config.schema import Settings
    from segue.kernel.ports.clock import Clock
    from segue.rollout.ports.notice import Target


def notice_client(settings: Settings) -> httpx.AsyncClient | None:
    """The client that posts to webhooks; None without any, because its certificates take memory and time.

    If the environment names a proxy, that looks hosts up, and decides.
    """
    if not _split(settings.webhook_urls):
        return None
    if getproxies():
        return httpx.AsyncClient()
    return httpx.AsyncClient(transport=CheckedTransport(private=settings.webhook_private))


def notice_targets(settings: Settings, client: httpx.AsyncClient | None, clock: Clock) -> Sequence[Target]:
    """The webhooks and chats that receive notices. ``client``: of ``notice_client``.

    Raises:
        ConfigurationError: a URL is not valid. The message does not contain the URL, because URLs are secrets
        here.
    """
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    webhooks = (
        []
        if client is None
        else [
            WebhookTarget(client, url, secret, clock, place=f"webhook number {number} of SEGUE_WEBHOOK_URLS")
            for number, url in enumerate(_webhook_urls(settings), 1)
        ]
    )
    targets: list[Target] = [*webhooks, *_chats(_split(settings.notify_urls))]
    return [Retrying(target, RetryLimits()) for target in targets]


def check_notices(settings: Settings) -> None:
    """Raises ConfigurationError for the same faults as ``notice_targets``."""
    notice_targets(settings, notice_client(settings), SystemClock())


def _webhook_urls(settings: Settings) -> list[str]:
    urls = _split(settings.webhook_urls)
    faults = [
        f"SEGUE_WEBHOOK_URLS: number {number} is not a valid http:// or https:// URL"
        for number, url in enumerate(urls, 1)
        if not _is_web(url)
    ]
    if faults:
        raise ConfigurationError(faults)
    return urls


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _chats(urls: list[str]) -> list[Target]:
    if not urls:
        return []
    try:
        from segue.rollout.notify.chat import ChatTarget
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            ["SEGUE_NOTIFY_URLS: the package 'apprise' is missing; run: pip install 'segue[notify]'"]
        ) from error
    chats = [
        ChatTarget(url, place=f"chat number {number} of SEGUE_NOTIFY_URLS") for number, url in enumerate(urls, 1)
    ]
    faults = [
        f"SEGUE_NOTIFY_URLS: number {number} is not a URL that apprise understands"
        for number, chat in enumerate(chats, 1)
        if not chat.understood
    ]
    if faults:
        raise ConfigurationError(faults)
    return list(chats)


def _split(urls: SecretStr | None) -> list[str]:
    """The URLs, which are separated by spaces or commas. A comma within a URL is written as %2C."""
    return urls.get_secret_value().replace(",", " ").split() if urls else []
