"""Where notices go, as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from segue.core.errors import ConfigurationError
from segue.notify.retrying import Patience, Retrying
from segue.notify.webhook import WebhookTarget
from segue.system.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

    from segue.config.schema import Settings
    from segue.ports.clock import Clock
    from segue.ports.notice import Target


def notice_targets(settings: Settings, client: httpx.AsyncClient, clock: Clock) -> Sequence[Target]:
    """Raises ConfigurationError for a URL that is none; its message names no URL, for they are secrets."""
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    webhooks = [WebhookTarget(client, url, secret, clock) for url in _webhook_urls(settings)]
    targets: list[Target] = [*webhooks, *_chats(_split(settings.notify_urls))]
    return [Retrying(target, Patience()) for target in targets]


def check_notices(settings: Settings) -> None:
    """Raises ConfigurationError where ``notice_targets`` would."""
    notice_targets(settings, httpx.AsyncClient(), SystemClock())


def _webhook_urls(settings: Settings) -> list[str]:
    urls = _split(settings.webhook_urls)
    faults = [
        f"SEGUE_WEBHOOK_URLS: number {number} is no http:// or https:// URL"
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
        from segue.notify.chat import ChatTarget
    except ModuleNotFoundError as error:
        raise ConfigurationError(["SEGUE_NOTIFY_URLS: needs apprise: pip install 'segue[notify]'"]) from error
    chats = [ChatTarget(url) for url in urls]
    faults = [
        f"SEGUE_NOTIFY_URLS: number {number} is no URL that apprise understands"
        for number, chat in enumerate(chats, 1)
        if not chat.understood
    ]
    if faults:
        raise ConfigurationError(faults)
    return list(chats)


def _split(urls: SecretStr | None) -> list[str]:
    """Separated by blanks or commas; a comma within a URL is written %2C."""
    return urls.get_secret_value().replace(",", " ").split() if urls else []
