"""One link, its shell and a peer that knows the rules and keeps them when it likes to."""

from __future__ import annotations

import math

from iec104mm2ss.link import (
    Acknowledged,
    Closed,
    Discarded,
    Event,
    Link,
    LinkParameters,
    Received,
    Role,
    State,
)
from iec104mm2ss.wire.apci import Framer
from tests.fuzz.script import Script
from tests.link.octets import (
    ASDU,
    STARTDT_ACT,
    STARTDT_CON,
    STOPDT_ACT,
    STOPDT_CON,
    TESTFR_ACT,
    TESTFR_CON,
    i_frame,
    s_frame,
)

U_FRAMES = [STARTDT_ACT, STARTDT_CON, STOPDT_ACT, STOPDT_CON, TESTFR_ACT, TESTFR_CON]
PARAMETERS = [LinkParameters(k=k, w=w) for k, w in ((12, 8), (1, 1), (3, 2), (2, 2))]
SPANS = [0.0, 0.01, 0.1, 1.0, 4.0, 9.5, 10.0, 20.0]
MODULO = 32768
RAW = 8  # of 32 choices


class Shell:
    """What `transport` does with a link; checks what the link promises after every step."""

    def __init__(self, role: Role, parameters: LinkParameters) -> None:
        self.now = 0.0
        self.link = Link(role, parameters, 0.0)
        self.delivered = self.discarded = self.acknowledged = 0
        self.frames_sent = self.told = 0
        self.closed = False
        self._framer = Framer()
        self._k = parameters.k

    def receive(self, octets: bytes) -> None:
        self._note(self.link.receive(octets, self.now))

    def pass_time(self, seconds: float) -> None:
        """Let time pass; the timer fires once, late, as on a machine that was busy."""
        self.now += seconds
        self._note(self.link.on_deadline(self.now))
        assert self.link.next_deadline() > self.now

    def send(self, count: int) -> None:
        if self.link.window:
            self.link.send([ASDU] * min(count, self.link.window), self.now)
            self.check()

    def start_or_stop(self) -> None:
        match self.link.role, self.link.state:
            case (Role.CONTROLLING, State.STOPPED) | (Role.CONTROLLED, State.STARTING):
                self.link.start(self.now)
            case (Role.CONTROLLING, State.STARTED):
                self.link.stop(self.now)
        self.check()

    def hold(self, count: int) -> None:
        self.link.withhold = bool(count & 1)
        self.link.release(min(count >> 1, self.link.held), self.now)
        self.check()

    def end_of_stream(self) -> None:
        self._note(self.link.receive_eof(self.now))

    def _note(self, events: list[Event]) -> None:
        assert not (events and self.closed), "something is reported after the end"
        assert sum(isinstance(event, Received) for event in events) <= 1
        for event in events:
            if isinstance(event, Received):
                self.delivered += len(event.asdus)
            elif isinstance(event, Discarded):
                self.discarded += event.count
            elif isinstance(event, Acknowledged):
                self.acknowledged += event.count
        ends = not self.closed and self.link.state is State.CLOSED
        assert [event for event in events if isinstance(event, Closed)] == events[len(events) - ends :]
        self.closed = self.closed or ends
        self.check()

    def check(self) -> None:
        link = self.link
        assert link.received == self.delivered + self.discarded
        assert link.acknowledged == self.acknowledged
        assert 0 <= link.sent - link.acknowledged <= self._k
        assert 0 <= link.window <= self._k
        assert link.confirmed + link.held <= link.received
        assert len(link.incomplete) < 255
        controls, _ = self._framer.feed(link.take_output())
        for control in controls:
            self._check_sent(control)
        assert self._framer.fault is None
        assert self._framer.rest == b""
        assert self.frames_sent == link.sent
        if self.closed:
            assert (link.next_deadline(), link.window) == (math.inf, 0)

    def _check_sent(self, control: int) -> None:
        if control & 3 == 3:
            return
        if not control & 1:
            assert control >> 1 & 0x7FFF == self.frames_sent % MODULO
            self.frames_sent += 1
        newly = (control >> 17) - self.told
        assert 0 <= newly <= self.link.received - self.told, "N(R) falls, or is beyond what came"
        self.told += newly


def peer_sends(shell: Shell, script: Script) -> None:
    """Frames with the numbers that a peer in step would use, less often with others, which end an open link."""
    link, choice = shell.link, script.octet()
    misread = bool(link.incomplete)  # as the rest of an APDU that the peer has begun
    unacknowledged = link.sent - link.acknowledged
    ahead = script.octet() if choice & 15 == 15 else (choice >> 4) % (unacknowledged + 1)
    nr = (link.acknowledged + ahead) % MODULO
    if choice & 1:
        shell.receive(s_frame(nr))
        skip = 0
    else:
        skip = script.octet() % 5 - 2 if choice & 8 else 0
        first = link.received + skip
        shell.receive(b"".join(i_frame((first + n) % MODULO, nr) for n in range(1 + (choice >> 1 & 3))))
    assert shell.closed or misread or (skip == 0 and ahead <= unacknowledged), "wrong numbers are taken"


def begin(settings: int) -> Shell:
    """Bring a link into the state that the first octet of a script says, mostly into data transfer."""
    role = Role.CONTROLLED if settings & 1 else Role.CONTROLLING
    shell = Shell(role, PARAMETERS[settings >> 1 & 3])
    if settings & 8:
        return shell
    if role is Role.CONTROLLED:
        shell.receive(STARTDT_ACT)
        shell.start_or_stop()
    else:
        shell.start_or_stop()
        shell.receive(STARTDT_CON)
    return shell


def link(octets: bytes) -> None:
    """Whatever the peer, the shell and the clock do: no exception, and every promise of the link holds."""
    script = Script(octets)
    shell = begin(script.octet())
    while script.goes_on:
        step = script.octet()
        argument = step >> 3
        match step & 7:
            case 0 if argument < RAW:
                shell.receive(script.octets(1 + 4 * argument))
            case 0 | 1 | 2:
                peer_sends(shell, script)
            case 3:
                shell.receive(U_FRAMES[argument] if argument < len(U_FRAMES) else TESTFR_ACT)
            case 4:
                shell.send(1 + argument % 13)
            case 5:
                shell.pass_time(SPANS[argument % 8])
            case 6:
                shell.hold(argument)
            case _ if argument:
                shell.start_or_stop()
            case _:
                shell.end_of_stream()
