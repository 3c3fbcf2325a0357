"""A pairing at work: an RTU of one stack, a master of one stack, a master of another, and the program between them."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tests.matrix import c104_stack, hat_stack
from tests.matrix.objects import object_address
from tests.matrix.points import MARKER_IOA, RTU_CA
from tests.program import Gateway, Site, eventually
from tests.station import ACTCON, SPONTANEOUS, type_and_cause, with_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.matrix.points import Control, Signal

GROUP = 111
MASTER_CA, OTHER_CA = 33, 34


class Peer(Protocol):
    """Either role. What a stack has heard and said are ASDUs of one object each, in order."""

    @property
    def heard(self) -> list[bytes]: ...
    @property
    def said(self) -> list[bytes]: ...
    def forget(self) -> None:
        """Begin to remember anew."""

    def wait_tested(self) -> None:
        """Wait for a TESTFR that is confirmed: the RTU's own, or the gateway's where it is a master."""

    def close(self) -> None: ...


class Rtu(Peer, Protocol):
    @property
    def port(self) -> int: ...
    def start(self) -> None: ...
    def listen(self) -> None: ...
    def silence(self) -> None:
        """Close the connection and listen no more."""

    def report(self, signal: Signal) -> None:
        """Send a value spontaneously."""

    def mark(self) -> None:
        """Send the marker spontaneously."""


class Master(Peer, Protocol):
    """What it sends carries `oa`; `read` and `command` may wait for an answer."""

    @property
    def ca(self) -> int: ...
    @property
    def oa(self) -> int: ...
    def connect(self) -> None:
        """Connect and start, until the end of initialisation has come."""

    def disconnect(self) -> None: ...
    def interrogate(self) -> None: ...
    def interrogate_counters(self) -> None: ...
    def read(self, signal: Signal) -> None: ...
    def synchronise(self) -> None: ...
    def test(self) -> None: ...
    def command(self, control: Control, ioa: int) -> None: ...
    def shows(self, signal: Signal) -> bool: ...


RTUS: dict[str, Callable[[], Rtu]] = {"c104": c104_stack.Rtu, "hat": hat_stack.Rtu}
MASTERS: dict[str, Callable[[int, int], Master]] = {"c104": c104_stack.Master, "hat": hat_stack.Master}


@dataclass(frozen=True)
class Pairing:
    """The names of the stacks of the RTU and of the master; a second master is of the other kind."""

    rtu: str
    master: str

    def __str__(self) -> str:
        return f"{self.rtu} x {self.master}"

    @property
    def other(self) -> str:
        return next(name for name in MASTERS if name != self.master)


PAIRINGS = tuple(Pairing(rtu, master) for rtu in RTUS for master in MASTERS)


@dataclass
class Stage:
    """`welcome` is what each master heard when it had come for the first time."""

    pairing: Pairing
    gateway: Gateway
    rtu: Rtu
    master: Master
    other: Master

    def __post_init__(self) -> None:
        self.welcome = [master.heard for master in self.masters]

    @property
    def masters(self) -> tuple[Master, Master]:
        return self.master, self.other

    def session_oa(self, master: Master) -> int:
        """Return what the RTU hears of this master: its place in the group."""
        return self.masters.index(master) + 1

    def begin(self) -> None:
        """Forget everything before a case, when nothing is under way any more."""
        self.settle()
        self.forget()

    def forget(self) -> None:
        for peer in (self.rtu, *self.masters):
            peer.forget()

    def settle(self) -> None:
        """Wait until all that the RTU has sent is with the masters: what it sends after that has come to both."""
        marks = [_marks(peer) + 1 for peer in self.masters]
        self.rtu.mark()
        eventually(
            lambda: all(_marks(peer) >= count for peer, count in zip(self.masters, marks, strict=True)),
            f"the marker with both masters: {[without_marks(peer.heard) for peer in self.masters]}",
        )

    def wait(self, type_id: int, cause: int = ACTCON, master: Master | None = None) -> None:
        """Wait until the master under test has heard such an ASDU."""
        peer = master or self.master
        wanted = type_id, cause
        eventually(lambda: wanted in map(type_and_cause, peer.heard), f"{wanted} among {_kinds(peer.heard)}")

    def assert_exchanged(self) -> None:
        """The RTU heard what the master said, the master what the RTU said, addresses rewritten, the other nothing."""
        self.settle()
        self._wait_same(lambda: self.rtu.heard, self._requests)
        self._wait_same(lambda: self.master.heard, lambda: self._to(self.master, self.master.oa))
        assert without_marks(self.other.heard) == []

    def assert_reported(self) -> None:
        """Both masters heard all that the RTU said, addresses rewritten."""
        self.settle()
        self._wait_same(lambda: self.master.heard, lambda: self._to(self.master, 0))
        self._wait_same(lambda: self.other.heard, lambda: self._to(self.other, 0))

    def _requests(self) -> list[bytes]:
        """Return what the RTU is to hear of the master under test."""
        return [with_header(asdu, ca=RTU_CA, oa=self.session_oa(self.master)) for asdu in self.master.said]

    def _to(self, master: Master, oa: int) -> list[bytes]:
        """Return what a master is to hear of all that the RTU said."""
        return [with_header(asdu, ca=master.ca, oa=oa) for asdu in self.rtu.said]

    def _wait_same(self, heard: Callable[[], list[bytes]], said: Callable[[], list[bytes]]) -> None:
        """Wait until both are the same: c104 tells of a frame in a thread of its own, at times after its peer has it.

        What has come to a peer is complete, so a frame that is lost or comes twice is found.
        """
        eventually(
            lambda: without_marks(heard()) == without_marks(said()),
            f"the same heard and said: {_kinds(heard())} and {_kinds(said())}",
        )


def without_marks(asdus: list[bytes]) -> list[bytes]:
    return [asdu for asdu in asdus if not _is_mark(asdu)]


def _marks(peer: Peer) -> int:
    return sum(map(_is_mark, peer.heard))


def _is_mark(asdu: bytes) -> bool:
    return object_address(asdu) == MARKER_IOA and asdu[2] == SPONTANEOUS


def _kinds(asdus: list[bytes]) -> list[tuple[int, int]]:
    return [type_and_cause(asdu) for asdu in asdus]


@contextmanager
def running(pairing: Pairing, folder: Path) -> Iterator[Stage]:
    """Start the RTU, the program and both masters."""
    with ExitStack() as stack:
        rtu = RTUS[pairing.rtu]()
        rtu.start()
        stack.callback(rtu.close)
        site = Site()
        site.rtu(GROUP, RTU_CA, rtu.port)
        ports = [site.master(GROUP, name, ca, t3=1) for name, ca in (("TESTED", MASTER_CA), ("OTHER", OTHER_CA))]
        gateway = stack.enter_context(Gateway(folder, site))
        gateway.wait_log("RTU-1", "connected to")
        master = MASTERS[pairing.master](ports[0], MASTER_CA)
        stack.callback(master.close)
        other = MASTERS[pairing.other](ports[1], OTHER_CA)
        stack.callback(other.close)
        for peer in (master, other):
            peer.connect()
        yield Stage(pairing, gateway, rtu, master, other)
