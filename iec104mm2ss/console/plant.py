"""What the console needs of the program it shows: the gateway and the simulator each are one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from iec104mm2ss.console.snapshot import Entry, RefusedPeer, Section
    from iec104mm2ss.trace import TracedFrame

Settings_contra = TypeVar("Settings_contra", contravariant=True)


class RequestError(Exception):
    """Something that was asked cannot be done; the text says why and what can be done instead."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between what runs and other settings: what it is, and whose connections end by it (names)."""

    text: str
    drops: tuple[str, ...] = ()


class Plant(Protocol[Settings_contra]):
    """A running program; everything is called in its event loop. A key is always one of `entries()`.

    Methods raise RequestError for what cannot be done.
    """

    def entries(self) -> tuple[Entry, ...]:
        """Return every entry, in file order, an RTU before its masters."""

    def entry(self, key: str) -> Entry:
        """Return one entry."""

    def pulse(self) -> int:
        """Return a number that another one follows when something happens to any entry: an event, traffic."""

    def sections(self, key: str) -> tuple[Section, ...]:
        """Return what there is to say of an entry in detail."""

    def refused(self, key: str) -> tuple[RefusedPeer, ...]:
        """Return the hosts that an entry turned away, the latest first; a bounded number."""

    def drops(self, key: str) -> tuple[str, ...]:
        """Return the names of the connected entries that a restart of this one disconnects."""

    def log_file(self, key: str) -> Path:
        """Return where an entry's log is written, whether or not it exists yet."""

    def trace(self, key: str, sink: Callable[[TracedFrame], None]) -> Callable[[], None]:
        """Give `sink` every APDU of an entry's connections, also of later ones, until what is returned is called."""

    async def restart(self, key: str) -> None:
        """Close an entry's connections and listener, and open them anew."""

    async def disconnect(self, key: str) -> None:
        """Close an entry's connections."""

    async def disable(self, key: str) -> None:
        """Close an entry, its listener too, and keep it closed."""

    async def enable(self, key: str) -> None:
        """Undo `disable`."""

    def changes(self, settings: Settings_contra) -> tuple[Change, ...]:
        """Return what `apply` would do."""

    async def apply(self, settings: Settings_contra) -> None:
        """Make what runs equal to the settings, and touch nothing that does not differ."""

    def send(self, index: int, seconds: float | None) -> str:
        """Let the RTUs send an index (simulator); return what comes of it."""

    def stop_sending(self) -> str:
        """End every index send (simulator); return what was ended."""
