"""An RTU and masters with a memory: they know what they sent, got and confirmed while the gateway dies between them.

Frames are built and cut by `tests.endpoint`; nothing of the package judges itself here.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from tests.endpoint import STARTDT_ACT, STARTDT_CON, TESTFR_ACT, TESTFR_CON, i_frame, s_frame, split_frames

HOST: Final = "127.0.0.1"
EVENT, COMMAND, ACTIVATION, CONFIRMATION, TERMINATION, SPONTANEOUS = 30, 45, 6, 7, 10, 3
_K: Final = 12
_W: Final = 8
_MODULO: Final = 1 << 15
_TIME: Final = bytes.fromhex("e803000c050b1a")
_ON: Final = b"\x01"


def asdu(kind: int, cause: int, ca: int, number: int, value: bytes) -> bytes:
    return bytes((kind, 1, cause, 0)) + ca.to_bytes(2, "little") + number.to_bytes(3, "little") + value


class Link(asyncio.Protocol):
    """One connection: sequence numbers, and what its owner does with ASDUs, room in the window and the end."""

    _transport: asyncio.Transport

    def __init__(self, owner: Rtu | Master) -> None:
        self._owner = owner
        self._rest = b""
        self.started = False
        self.sent = self.acknowledged = self.received = self._confirmed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        frames, self._rest = split_frames(self._rest + data)
        for frame in frames:
            self._on_frame(frame)
        if self.received - self._confirmed >= _W:
            self.confirm()
        self._owner.on_room(self)

    def _on_frame(self, frame: bytes) -> None:
        if frame[2] & 3 == 3:
            self._on_u_frame(frame)
            return
        nr = int.from_bytes(frame[4:6], "little") >> 1
        self.acknowledged += (nr - self.acknowledged) % _MODULO
        if not frame[2] & 1:
            assert int.from_bytes(frame[2:4], "little") >> 1 == self.received % _MODULO
            self.received += 1
            self._owner.on_asdu(self, frame[6:])

    def _on_u_frame(self, frame: bytes) -> None:
        answers = {STARTDT_ACT: STARTDT_CON, TESTFR_ACT: TESTFR_CON}
        self.write(answers.get(frame, b""))
        if frame in {STARTDT_ACT, STARTDT_CON}:
            self.started = True
            self._owner.on_start(self)

    @property
    def room(self) -> int:
        return _K - (self.sent - self.acknowledged) if self.started else 0

    def write(self, octets: bytes) -> None:
        self._transport.write(octets)

    def send(self, octets: bytes) -> None:
        self.write(i_frame(self.sent, self.received, octets))
        self.sent += 1
        self._confirmed = self.received

    def confirm(self) -> None:
        if self._confirmed < self.received:
            self.write(s_frame(self.received))
            self._confirmed = self.received

    def close(self) -> None:
        self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self.started = False
        self._owner.on_end(self)


class Rtu:
    """Sends events 1, 2, 3 and so on, and after a loss again what was not acknowledged; counts commands."""

    def __init__(self, ca: int) -> None:
        self.produced = 0
        self.commands: Counter[int] = Counter()
        self._ca = ca
        self._safe = 0
        self.link: Link | None = None

    def accept(self) -> Link:
        self.link = Link(self)
        return self.link

    def produce(self, count: int) -> None:
        self.produced += count
        if self.link is not None:
            self.on_room(self.link)

    def on_start(self, link: Link) -> None:
        """Take note that data may flow."""

    def on_room(self, link: Link) -> None:
        """Send what the window takes."""
        while link.room and self._safe + link.sent < self.produced:
            number = self._safe + link.sent + 1
            link.send(asdu(EVENT, SPONTANEOUS, self._ca, number, _ON + _TIME))

    def on_asdu(self, link: Link, octets: bytes) -> None:
        if octets[0] == COMMAND and octets[2] & 0x3F == ACTIVATION:
            self.commands[int.from_bytes(octets[6:9], "little")] += 1
        link.confirm()

    def on_end(self, link: Link) -> None:
        # Only one kind of ASDU is sent, so what of it was acknowledged is a count of I-frames.
        self._safe += link.acknowledged
        self.link = None


class Master:
    """Connects over and over, remembers every event, confirms late, sends a command now and then."""

    def __init__(self, port: int, ca: int) -> None:
        self.events: list[int] = []
        self.wanted = True
        self.asked = 0
        self._port = port
        self._ca = ca
        self._link: Link | None = None
        self._ended = asyncio.Event()

    @property
    def started(self) -> bool:
        return self._link is not None and self._link.started

    async def run(self) -> None:
        """Be there while that is wanted."""
        while True:
            await asyncio.sleep(0.05)
            if self.wanted:
                await self._connect()

    async def _connect(self) -> None:
        self._ended.clear()
        try:
            _, self._link = await asyncio.get_running_loop().create_connection(lambda: Link(self), HOST, self._port)
        except OSError:
            return
        self._link.write(STARTDT_ACT)
        await self._ended.wait()

    def come(self) -> None:
        """Be there from now on."""
        self.wanted = True

    def leave(self) -> None:
        """Be away until that is no longer wanted."""
        self.wanted = False
        if self._link is not None:
            self._link.close()

    def command(self, number: int) -> None:
        if self._link is not None and self._link.room:
            self.asked += 1
            self._link.send(asdu(COMMAND, ACTIVATION, self._ca, number, _ON))

    def confirm(self) -> None:
        if self._link is not None and self._link.started:
            self._link.confirm()

    def on_start(self, link: Link) -> None:
        """Take note that data may flow."""

    def on_room(self, link: Link) -> None:
        """Have nothing to send that waits."""

    def on_asdu(self, _: Link, octets: bytes) -> None:
        if octets[0] == EVENT:
            assert int.from_bytes(octets[4:6], "little") == self._ca
            self.events.append(int.from_bytes(octets[6:9], "little"))

    def on_end(self, link: Link) -> None:
        if self._link is link:
            self._link = None
        self._ended.set()

    @property
    def latest(self) -> int:
        return max(self.events, default=0)

    @property
    def missed(self) -> list[int]:
        """Events that came for the first time when a later one had come already, or that one before it had not."""
        highest, missed = 0, []
        for number in self.events:
            if number > highest + 1:
                missed.append(number)
            highest = max(highest, number)
        return missed
