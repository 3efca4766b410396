"""A short identifier of the voices and engines being compared.

Evidence from other voices or engines does not count.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from segue.speech.core.keys import KEY_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segue.kernel.arms import Arm
    from segue.speech.core.catalogue import Catalogue, Delivery
    from segue.speech.ports.engine import Engine

_FINGERPRINT_CHARS = 16


def fingerprint(catalogue: Catalogue, engines: Mapping[str, Engine]) -> str:
    """Sixteen hex digits that are the same on every replica and after every restart.

    They change when a voice of either arm, a character's use of it, or an engine's version changes. As in a cache
    key, a change that a vendor makes without notice is not included; set the engine's ``revision`` for that.
    """
    digest = blake2b(digest_size=_FINGERPRINT_CHARS // 2)
    for part in _parts(catalogue, engines):
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()


def _parts(catalogue: Catalogue, engines: Mapping[str, Engine]) -> Iterator[str]:
    yield KEY_VERSION
    for arm, spec in sorted(catalogue.arms.items()):
        yield from (arm, spec.model)
        for name in catalogue.engines_of(arm):
            yield from ([name] if name in catalogue.uses else [])
            yield from (engines[name].name, engines[name].version)
    for key, character in sorted(catalogue.characters.items()):
        for arm, deliveries in sorted(character.deliveries.items()):
            for delivery in deliveries:
                yield from (key, arm, *_delivery(catalogue, arm, delivery))
                for backup in delivery.backups:
                    yield from ("backup", *_delivery(catalogue, arm, backup))


def _delivery(catalogue: Catalogue, arm: Arm, delivery: Delivery) -> Iterator[str]:
    yield from (delivery.voice, f"{delivery.pitch_semitones!r} {delivery.rate_ratio!r}")
    if catalogue.engine_of(arm, delivery) != catalogue.arms[arm].engine:
        yield delivery.engine
