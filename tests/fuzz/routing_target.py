"""A router with its event buffer, three masters and an RTU, all of whom send whatever ASDUs they like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iec104mm2ss.routing.buffer import EventBuffer
from iec104mm2ss.routing.policy import Clock, MasterPolicy, Policy
from iec104mm2ss.routing.router import MalformedAsduError, Router
from iec104mm2ss.wire.asdu import HEADER_LENGTH, MAX_LENGTH, cause, fault, type_id
from tests.fuzz.script import Script
from tests.routing import bench

if TYPE_CHECKING:
    from iec104mm2ss.routing.reader import Reader
    from iec104mm2ss.routing.request import Session

TEMPLATES = [
    bench.GI,
    bench.GI_GROUP,
    bench.GI_VALUE,
    bench.CI,
    bench.FREEZE,
    bench.READ,
    bench.READ_VALUE,
    bench.CLOCK,
    bench.TEST,
    bench.RESET,
    bench.EXECUTE,
    bench.SELECT,
    bench.CANCEL,
    bench.SETPOINT,
    bench.PARAMETER,
    bench.SPONTANEOUS,
    bytes.fromhex("1e 01 03 00 01 00 07 00 00 01 00 00 00 01 0b 05 06"),  # M_SP_TB_1, spontaneous
    bytes.fromhex("46 01 04 00 01 00 00 00 00 00"),  # M_EI_NA_1
    bytes.fromhex("7a 01 0d 0a 01 00 01 00 00 01 00 00 01"),  # F_SC_NA_1, select file
    bytes.fromhex("7e 01 03 00 01 00 01 00 00 01 00 00 00 00 00 00 00 00 01 0b 05 06"),  # F_DR_TA_1
]
SPANS = [0.0, 0.05, 0.5, 4.9, 5.0, 10.0, 30.0, 61.0]
LIMIT = 6
CONFIRMATIONS = {7, 9, 10}
ANSWERS = [7, 7, 10, 9, 0x47, 0x6E, 20, 5]
COMMAND_AGE = 5.0  # seconds, as the manual says
COMMAND_TYPES = {*range(45, 52), *range(58, 65)}
POLICIES = [
    {"ca": 1, "oa": 1},
    {"ca": 2, "oa": 2},
    {"ca": 1, "oa": 3, "commands": False, "clock": Clock.CONFIRM},
]


@dataclass(eq=False)
class Seat:
    """A master row and, while it is started, its session."""

    place: int
    policy: MasterPolicy
    reader: Reader | None = None
    session: Session | None = None
    asked: set[int] = field(default_factory=set)


class Group:
    """A group without its links; checks after every step what nothing that anybody sends may break."""

    def __init__(self, settings: int) -> None:
        self.now = 0.0
        self.at_rtu: list[bytes] = []
        self.buffer = EventBuffer(1, limit=LIMIT, age=40.0)
        policy = Policy(
            ca=1,
            stamp=not settings & 1,
            reserved=frozenset({1, 2, 3}),
            copy_interrogation_data=bool(settings & 2),
        )
        self.router = Router(policy, self.buffer)
        self.seats = [Seat(place, MasterPolicy(**rules)) for place, rules in enumerate(POLICIES)]  # type: ignore[arg-type]
        for seat in self.seats[: 1 + (settings >> 2) % 3]:
            self.join(seat)

    def join(self, seat: Seat) -> None:
        seat.reader = self.buffer.reader(seat.place, seat.policy.ca)
        seat.session = self.router.join(seat.place, seat.policy, seat.reader)
        seat.reader.start(self.now)

    def leave(self, seat: Seat) -> None:
        assert seat.reader is not None
        assert seat.session is not None
        seat.reader.stop(self.now)
        self.router.leave(seat.session)
        seat.reader, seat.session = None, None
        seat.asked.clear()

    def come_or_go(self, seat: Seat) -> None:
        if seat.session is None:
            self.join(seat)
        else:
            self.leave(seat)

    def master_sends(self, seat: Seat, asdus: list[bytes]) -> None:
        if seat.session is None:
            return
        seat.asked.update(type_id(asdu) for asdu in asdus)
        try:
            self.router.from_master(seat.session, asdus, self.now)
        except MalformedAsduError:
            self.leave(seat)

    def rtu_sends(self, asdus: list[bytes]) -> None:
        self.router.from_rtu(asdus, self.now)

    def rtu_answers(self, which: int, how: int) -> None:
        """Answer one of the latest requests, with the cause of any answer and any originator address."""
        if self.at_rtu:
            request = self.at_rtu[which % len(self.at_rtu)]
            self.rtu_sends([request[:2] + bytes((ANSWERS[how % len(ANSWERS)], how >> 3)) + request[4:]])

    def rtu_takes(self, window: int) -> None:
        asdus = self.router.take(window, self.now)
        assert len(asdus) <= window
        self.at_rtu = (self.at_rtu + asdus)[-8:]
        for asdu in asdus:
            assert fault(asdu) is None
            assert HEADER_LENGTH <= len(asdu) <= MAX_LENGTH

    def rtu_is_lost(self) -> None:
        for seat in self.seats:
            if seat.session is not None:
                self.leave(seat)
        self.router.rtu_lost(self.now)
        self.at_rtu = []
        assert self.router.unanswered == 0
        assert self.router.take(100, self.now) == []

    def master_takes(self, seat: Seat, window: int, acknowledged: int) -> None:
        if seat.reader is None:
            return
        taken = seat.reader.take(window, self.now)
        assert len(taken) <= window
        for asdu in taken:
            assert HEADER_LENGTH <= len(asdu) <= MAX_LENGTH
            if type_id(asdu) in COMMAND_TYPES and cause(asdu) in CONFIRMATIONS:
                assert type_id(asdu) in seat.asked, f"master {seat.place} did not ask for {asdu.hex(' ')}"
        seat.reader.acknowledged(min(acknowledged, seat.reader.in_flight))

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.router.on_deadline(self.now)
        assert self.router.next_deadline() > self.now
        waiting = [it for seat in self.seats if seat.session for it in seat.session.waiting]
        assert all(self.now - it.arrived < COMMAND_AGE for it in waiting if it.command)

    def check(self) -> None:
        assert self.buffer.kept <= LIMIT
        for seat in self.seats:
            account = self.buffer.account(seat.place)
            assert account.waiting >= 0
            assert min(account.delivered, account.skipped, account.lost, account.withheld, account.dropped) >= 0
        for note in self.router.notes():
            assert note.text.isprintable()
        for reader in self.buffer.overrun():
            self.leave(next(seat for seat in self.seats if seat.reader is reader))


def asdus(script: Script) -> list[bytes]:
    """One to three ASDUs: known ones, mostly with some octets replaced, or octets as they come."""
    first = script.octet()
    if first >= 0xF0:
        return [script.octets(HEADER_LENGTH + script.octet()).ljust(HEADER_LENGTH, b"\0")[:MAX_LENGTH]]
    return [_asdu(TEMPLATES[(first + n) % len(TEMPLATES)], script) for n in range(1 + first // 80)]


def _asdu(template: bytes, script: Script) -> bytes:
    changed = bytearray(template)
    for _ in range(script.octet() & 3):
        place = script.octet()
        changed[place % len(changed)] = script.octet()
    return bytes(changed)


def routing(octets: bytes) -> None:
    """Whatever anybody sends, and whenever: no exception, bounded memory, nobody gets others' confirmations."""
    script = Script(octets)
    group = Group(script.octet())
    while script.goes_on:
        step = script.octet()
        argument = step >> 3
        seat = group.seats[argument % 3]
        match step & 7:
            case 0 | 1:
                group.master_sends(seat, asdus(script))
            case 2:
                group.rtu_sends(asdus(script))
            case 3:
                group.rtu_answers(argument, script.octet())
            case 4:
                group.rtu_takes(argument % 13)
            case 5:
                group.master_takes(seat, argument // 3, script.octet() % 13)
            case 6:
                group.pass_time(SPANS[argument % 8])
            case _:
                group.come_or_go(seat) if argument else group.rtu_is_lost()
        group.check()
