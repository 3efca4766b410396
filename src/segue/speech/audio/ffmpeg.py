"""Keeps FFmpeg's library from starting threads of its own.

Every encoder and every change of sample rate uses one of FFmpeg's filter graphs. Each graph starts one thread per
processor, up to 16, and for mono speech these threads do nothing. Hundreds of streams would have thousands of
threads. PyAV has no setting for their number, so the library is told that there is one processor.
"""

from __future__ import annotations

import ctypes
import functools
import re
from pathlib import Path

_UTILITIES = re.compile(r"libavutil[-.]")
_MAPS = Path("/proc/self/maps")


@functools.cache
def without_threads() -> bool:
    """Call this before graphs are created. Returns False if the library was not found; nothing is changed then."""
    import av.filter  # noqa: F401 - loads the library

    for path in _loaded():
        force = getattr(ctypes.CDLL(path), "av_cpu_force_count", None)
        if force is not None:
            force(1)
            return True
    return False


def _loaded() -> list[str]:
    """The paths of the libavutil libraries in this process; empty if the system does not provide them."""
    try:
        lines = _MAPS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    paths = {line.split(maxsplit=5)[-1] for line in lines}
    return sorted(path for path in paths if _UTILITIES.match(Path(path).name))
