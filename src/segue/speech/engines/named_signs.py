"""Signs that have names in eSpeak NG's dictionaries, and therefore also for Piper's voices, which use them.

Measured with 1.52: each sign alone, in every language that names emoji (its names are CLDR's).
"""

from __future__ import annotations

_PICTURES = (
    "2600-2604 260e 2611 2614-2615 2618 261d 2620 2622-2623 2626 262a 262e-262f 2638-263a 2640 2642 "
    "2648-2653 265f-2660 2663 2665-2666 2668 267e-267f 2692-2697 2699 269b-269c 26a0-26a1 26aa-26ab "
    "26b0-26b1 26bd 26c4-26c5 26c8 26ce-26cf 26d1 26d3-26d4 26ea 26f0-26f5 26f7-26fa 26fd 2702 2705 "
    "2708-270b 270d 270f 2712 2714 2716 271d 2721 2728 2733-2734 2744 2747 274c 274e 2753-2755 2757 "
    "2763-2764 2795-2797 27a1 27b0 27bf 1f300-1f321 1f324-1f393 1f396-1f397 1f399-1f39b 1f39e-1f3f0 "
    "1f3f3-1f3f5 1f3f7-1f3fa 1f400-1f49b 1f49d-1f4fd 1f4ff-1f518 1f51e-1f53d 1f549-1f54e 1f550-1f567 "
    "1f56f-1f570 1f573-1f57a 1f587 1f58a-1f58d 1f590 1f595-1f596 1f5a4-1f5a5 1f5a8 1f5b1-1f5b2 1f5bc "
    "1f5c2-1f5c4 1f5d1-1f5d3 1f5dc-1f5de 1f5e1 1f5e3 1f5e8 1f5ef 1f5f3 1f5fa-1f64f 1f680-1f6c5 "
    "1f6cb-1f6d2 1f6e0-1f6e5 1f6e9 1f6eb-1f6ec 1f6f0 1f6f3-1f6f9 1f910-1f93a 1f93c-1f93e 1f940-1f945 "
    "1f947-1f94c 1f94e-1f970 1f973-1f976 1f97a 1f97c-1f995 1f997-1f9a2 1f9b0-1f9b9 1f9c0-1f9c2 "
    "1f9d0-1f9ee 1f9f0-1f9ff "
)


def _signs(ranges: str) -> frozenset[str]:
    ends = [part.partition("-") for part in ranges.split()]
    return frozenset(
        chr(code) for first, _, last in ends for code in range(int(first, 16), int(last or first, 16) + 1)
    )


NAMED = _signs(_PICTURES) | frozenset("$&+™")
"""In every language that names emoji."""

NAMED_IN_ENGLISH = NAMED | frozenset("%@€£¥°×÷©®§")

SKIPPED_IN_ENGLISH = frozenset("<>^₽₿‰")
"""The signs that stand for words but have no name in English."""
