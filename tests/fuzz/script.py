"""Octets read as decisions: what a fuzzer mutates becomes what happens, step by step."""

from __future__ import annotations


class Script:
    """Octets consumed from the front; 0 when they have run out."""

    __slots__ = ("_at", "_octets")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    @property
    def goes_on(self) -> bool:
        return self._at < len(self._octets)

    def octet(self) -> int:
        self._at += 1
        return self._octets[self._at - 1] if self._at <= len(self._octets) else 0

    def octets(self, count: int) -> bytes:
        taken = self._octets[self._at : self._at + count]
        self._at += count
        return taken
