"""The settings as the service tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import SecretStr

from segue.api.control.config import SettingBody
from segue.config.schema import Settings, env_name

if TYPE_CHECKING:
    from segue.config.load import Loaded

_SET = "(set)"


def effective_settings(loaded: Loaded) -> list[SettingBody]:
    """Every setting; no secret leaves."""
    plain = loaded.settings.model_dump(mode="json")
    return [_told(loaded, field, plain[field]) for field in Settings.model_fields]


def _told(loaded: Loaded, field: str, value: object) -> SettingBody:
    secret = "SecretStr" in str(Settings.model_fields[field].annotation)
    if isinstance(getattr(loaded.settings, field), SecretStr):
        value = _SET
    return SettingBody(name=env_name(field), value=value, source=loaded.sources[field], secret=secret)
