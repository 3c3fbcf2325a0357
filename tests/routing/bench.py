"""A router between masters and an RTU that the test plays, and ASDUs written octet by octet.

Master A writes OA 0a into its requests and B 0b; towards the RTU they have 01 and 02, the places of their rows.
"""

from __future__ import annotations

from typing import Any

from iec104mm2ss.routing.buffer import EventBuffer
from iec104mm2ss.routing.notes import Tally
from iec104mm2ss.routing.policy import MasterPolicy, Policy
from iec104mm2ss.routing.router import Router

octets = bytes.fromhex


def patched(
    asdu: bytes,
    *,
    cause: int | None = None,
    oa: int | None = None,
    ca: int | None = None,
    ioa: int | None = None,
    element: str | None = None,
) -> bytes:
    """The ASDU with some octets replaced: the whole cause octet with its T and P/N bits, OA, low octets of CA and IOA.

    `element` is what follows the IOA.
    """
    changed = bytearray(asdu)
    for place, value in ((2, cause), (3, oa), (4, ca), (6, ioa)):
        if value is not None:
            changed[place] = value
    return bytes(changed) if element is None else bytes(changed[:9]) + octets(element)


ACTCON = 0x07
DEACT = 0x08
DEACTCON = 0x09
ACTTERM = 0x0A
NEGATIVE_ACTCON = 0x47
NEGATIVE_DEACTCON = 0x49
UNKNOWN_CA = 0x6E  # cause 46, P/N

GI = octets("64 01 06 0a 01 00 00 00 00 14")  # C_IC_NA_1 act, OA 0a, CA 1, IOA 0, station interrogation (QOI 20)
GI_GROUP = octets("64 01 06 0a 01 00 00 00 00 15")  # the same for group 1 (QOI 21)
GI_VALUE = octets("01 01 14 00 01 00 07 00 00 01")  # M_SP_NA_1 inrogen, CA 1, IOA 7, on
CI = octets("65 01 06 0a 01 00 00 00 00 05")  # C_CI_NA_1 act, CA 1, general counter request, no freeze
FREEZE = octets("65 01 06 0a 01 00 00 00 00 45")  # C_CI_NA_1 act, CA 1, general counter request, freeze
READ = octets("66 01 05 0a 01 00 07 00 00")  # C_RD_NA_1 req, CA 1, IOA 7
READ_VALUE = octets("01 01 05 00 01 00 07 00 00 01")  # M_SP_NA_1 req, CA 1, IOA 7, on
CLOCK = octets("67 01 06 0a 01 00 00 00 00 10 27 1e 0c 15 0b 1a")  # C_CS_NA_1 act, CA 1, 21.11.26 12:30:10.000
TEST = octets("68 01 06 0a 01 00 00 00 00 aa 55")  # C_TS_NA_1 act, CA 1, FBP 55aa
RESET = octets("69 01 06 0a 01 00 00 00 00 01")  # C_RP_NA_1 act, CA 1, general reset
EXECUTE = octets("2d 01 06 0a 01 00 07 00 00 01")  # C_SC_NA_1 act, CA 1, IOA 7, execute on
SELECT = octets("2d 01 06 0a 01 00 07 00 00 81")  # C_SC_NA_1 act, CA 1, IOA 7, select on
CANCEL = octets("2d 01 08 0a 01 00 07 00 00 81")  # C_SC_NA_1 deact, CA 1, IOA 7
DOUBLE = octets("2e 01 06 0a 01 00 07 00 00 02")  # C_DC_NA_1 act, CA 1, IOA 7, execute on
SETPOINT = octets("31 01 06 0a 01 00 08 00 00 34 12 00")  # C_SE_NB_1 act, CA 1, IOA 8, 4660, execute
PARAMETER = octets("6e 01 06 0a 01 00 09 00 00 00 40 01")  # P_ME_NA_1 act, CA 1, IOA 9, 0.5, threshold
SPONTANEOUS = octets("01 01 03 00 01 00 07 00 00 01")  # M_SP_NA_1 spont, CA 1, IOA 7, on


class Seat:
    """One started master with its reader."""

    def __init__(self, bench: Bench, name: str, policy: MasterPolicy, *, oa: int, now: float) -> None:
        self._bench = bench
        self._oa = oa
        self.name = name
        self.reader = bench.buffer.reader(name, policy.ca)
        self.session = bench.router.join(name, policy, self.reader)
        self.reader.start(now)

    def sends(self, *asdus: bytes, now: float = 0.0) -> None:
        """Hand requests to the router, with this master's own OA."""
        self._bench.router.from_master(self.session, [patched(asdu, oa=self._oa) for asdu in asdus], now)

    def gets(self) -> list[bytes]:
        """What this master is sent by now; acknowledged at once."""
        asdus = self.reader.take(10_000, 0.0)
        self.reader.acknowledged(len(asdus))
        return asdus

    def answer(self, asdu: bytes, cause: int) -> bytes:
        """What this master is to get for its `asdu`: a mirror with `cause` and its own OA."""
        return patched(asdu, cause=cause, oa=self._oa)

    def leaves(self, now: float = 0.0) -> None:
        self._bench.router.leave(self.session)
        self.reader.stop(now)


class Bench:
    """A router, its buffer and an RTU with CA 1 that only says what the test makes it say."""

    def __init__(self, *, ca: int = 1, **policy: Any) -> None:  # noqa: ANN401 - whatever Policy takes
        self.buffer = EventBuffer(ca, limit=10_000, age=3600.0)
        self.router = Router(Policy(ca=ca, **policy), self.buffer)

    def master(self, name: str, *, now: float = 0.0, own_oa: int | None = None, **policy: Any) -> Seat:  # noqa: ANN401
        """Start master "A", "B"...; its row's OA follows from the letter, other rules are those of MasterPolicy."""
        place = ord(name[0]) - ord("A") + 1
        rules = MasterPolicy(**{"ca": 1, "oa": place, **policy})
        return Seat(self, name, rules, oa=place + 9 if own_oa is None else own_oa, now=now)

    def masters(self, names: str, **policy: Any) -> list[Seat]:  # noqa: ANN401
        return [self.master(name, **policy) for name in names]

    def refuses(self, master: Seat, request: bytes, answer: int, why: str) -> None:
        """Have a master send what is answered by its mirror with this cause octet, told, counted, and not handed on."""
        master.sends(request)
        assert master.gets() == [master.answer(request, answer)]
        assert self.rtu_gets() == []
        assert self.router.tally == {Tally.REFUSED: 1}
        (line,) = self.lines()
        assert line.startswith(f"{master.name}: ")
        assert line.endswith(f"refused by the gateway: {why}")

    def rtu_gets(self, *, now: float = 0.0, window: int = 10_000) -> list[bytes]:
        return self.router.take(window, now)

    def rtu_sends(self, *asdus: bytes, now: float = 0.0) -> None:
        self.router.from_rtu(asdus, now)

    def confirms(self, asdu: bytes, *, oa: int = 0, now: float = 0.0) -> None:
        """The RTU mirrors `asdu` as a positive ACTCON."""
        self.rtu_sends(patched(asdu, cause=ACTCON, oa=oa), now=now)

    def terminates(self, asdu: bytes, *, oa: int = 0, now: float = 0.0) -> None:
        self.rtu_sends(patched(asdu, cause=ACTTERM, oa=oa), now=now)

    def time_is(self, now: float) -> None:
        """The caller's timer fires, as often as it was asked to up to `now`."""
        while self.router.next_deadline() <= now:
            self.router.on_deadline(self.router.next_deadline())

    def lines(self) -> list[str]:
        """The log since the last call, as "who: text"."""
        return [
            f"{note.session.who if note.session is not None else 'RTU'}: {note.text}" for note in self.router.notes()
        ]
