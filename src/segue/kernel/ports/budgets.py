"""Budgets that all replicas share, most of them by day."""

from __future__ import annotations

from typing import Protocol


class Budgets(Protocol):
    """Budgets, and how much of them is used. ``day`` is the number of days (UTC) since 1970, or of periods of
    another length.
    """

    async def take(self, name: str, day: int, amount: float, most: float) -> bool:
        """Uses ``amount`` of the day's budget, if the total for that day then is at most ``most``.

        Returns False if the budget does not suffice; nothing is used then. A negative amount gives back.
        """
        ...

    async def taken(self, name: str, day: int) -> float:
        """How much of that day's budget is used."""
        ...

    async def forget(self, name: str, before_day: int) -> None:
        """Removes what was used on earlier days."""
        ...
