"""The names of environment variables, importable without loading the settings' schema."""

from __future__ import annotations

SETTINGS_FILE = "SEGUE_CONFIG"
"""The variable with the path of the settings file. It is not a setting itself."""

SERVICE_URL = "SEGUE_URL"
"""The variable with the URL of the service that the commands talk to. The service itself does not read it."""


def env_name(field: str) -> str:
    """The environment variable of a setting, such as ``CHIRP3_ENABLED`` or ``SEGUE_PORT``."""
    upper = field.upper()
    return upper if upper.startswith("CHIRP3_") else f"SEGUE_{upper}"
