"""What happened in a schedule: a digest of all of it, and its lines if somebody wants to read them."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Trace:
    """Two runs of a seed are the same where their digests are. `print_line` gets each line."""

    def __init__(self, now: Callable[[], float], print_line: Callable[[str], None] | None = None) -> None:
        self._now = now
        self._print = print_line
        self._hash = blake2b(digest_size=16)
        self._over = False

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def end(self) -> None:
        """Note nothing more: what is given up now ends in any order."""
        self._over = True

    def note(self, who: str, what: str, octets: bytes = b"") -> None:
        """Note what `who` does, with the octets it does it with."""
        if self._over:
            return
        now = self._now()
        self._hash.update(b"%r %s %s " % (now, who.encode(), what.encode()))
        self._hash.update(octets)
        if self._print is not None:
            self._print(f"{now:12.6f} {who}: {what} {octets.hex(' ')}".rstrip())
