"""The settings in force, as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import SecretStr

from segue.config.names import env_name
from segue.config.schema import Settings, is_secret
from segue.rollout.ports.control import SettingBody

if TYPE_CHECKING:
    from segue.config.load import Loaded

_SET = "(set)"


def effective_settings(loaded: Loaded) -> list[SettingBody]:
    """Every setting with its source. A secret's value is replaced by ``(set)``."""
    plain = loaded.settings.model_dump(mode="json")
    return [_told(loaded, field, plain[field]) for field in Settings.model_fields]


def _told(loaded: Loaded, field: str, value: object) -> SettingBody:
    if isinstance(getattr(loaded.settings, field), SecretStr):
        value = _SET
    return SettingBody(name=env_name(field), value=value, source=loaded.sources[field], secret=is_secret(field))
