"""FFmpeg's library kept from starting threads of its own.

Every encoder and every change of rate goes through one of FFmpeg's filter graphs, and each of those starts as many
threads as there are processors, up to 16, which then do nothing: mono speech cannot be shared out. Hundreds of
streams would hold thousands. PyAV lets nobody set their number: the library is told that there is one processor.
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
    """To be called before graphs are made; False where the library was not found, and nothing was changed."""
    import av.filter  # noqa: F401 - loads the library

    for path in _loaded():
        force = getattr(ctypes.CDLL(path), "av_cpu_force_count", None)
        if force is not None:
            force(1)
            return True
    return False


def _loaded() -> list[str]:
    """The files of libavutil that this process has in memory; none where the system does not tell."""
    try:
        lines = _MAPS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    paths = {line.split(maxsplit=5)[-1] for line in lines}
    return sorted(path for path in paths if _UTILITIES.match(Path(path).name))
