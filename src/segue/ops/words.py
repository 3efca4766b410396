"""Formats times, durations, shares and settings for people."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS_S = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def moment(at_s: float) -> str:
    """A Unix time in UTC, to the second."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def span(length_s: float) -> str:
    """A duration in its two largest units: ``2 d 4 h``, ``12 min``, ``0.4 s``."""
    if length_s < 9.5:  # noqa: PLR2004 - from here on tenths of a second do not matter
        return f"{max(0.0, length_s):.2g} s"
    left, parts = round(length_s), list[str]()
    for unit_s, name in _UNITS_S:
        count, left = divmod(left, int(unit_s))
        if count:
            parts.append(f"{count} {name}")
        elif parts:
            break
    return " ".join(parts[:2])


def share_in_words(share_percent: float) -> str:
    return f"{share_percent:g} %"


def as_written(setting: object) -> str:
    """A setting's value as it is written in the environment; ``not set`` if it has none."""
    if setting is None:
        return "not set"
    if isinstance(setting, bool):
        return str(setting).lower()
    if isinstance(setting, float):
        return f"{setting:.12g}"
    return ",".join(map(str, setting)) if isinstance(setting, (list, tuple)) else str(setting)


def ratio_in_words(ratio: float | None) -> str:
    """A ratio as percent; a dash for None."""
    return "-" if ratio is None else f"{ratio * 100:.3g} %"


def off_in_words(locked_off_by: str) -> str:
    """What keeps the candidate off on the replica that answered, as the subject of a sentence."""
    return {
        "environment": "CHIRP3_ENABLED=false in the environment",
        "replica": "the replica that answered (its rollout file or settings file does not say "
        "CHIRP3_ENABLED=true, and the store has not recorded that yet)",
    }.get(locked_off_by, "CHIRP3_ENABLED=false in the environment or the rollout file")
