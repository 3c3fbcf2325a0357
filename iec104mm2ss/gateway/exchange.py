"""Where links, router and event buffer of one group meet."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from typing import TYPE_CHECKING

from iec104mm2ss.gateway.custody import Custody
from iec104mm2ss.gateway.latency import Latency
from iec104mm2ss.gateway.master import Master, policy
from iec104mm2ss.routing.addresses import originators
from iec104mm2ss.routing.buffer import EventBuffer
from iec104mm2ss.routing.policy import Policy
from iec104mm2ss.routing.router import MalformedAsduError, Router
from iec104mm2ss.settings.site import InterrogationData

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from iec104mm2ss.gateway.journaling import Journaling, Journals
    from iec104mm2ss.gateway.rtu import RtuLink
    from iec104mm2ss.routing.notes import Tally
    from iec104mm2ss.routing.reader import Reader
    from iec104mm2ss.routing.request import Session
    from iec104mm2ss.settings.site import GroupRow, MasterRow
    from iec104mm2ss.transport.connection import Connection

_BRAKE_LOOK = 0.1


class Losses(Counter[str]):
    """ASDUs that a master row did not get, by reason: `skipped`, `withheld`, `lost`, `dropped`."""


class Exchange:
    """Moves ASDUs between an RTU and its started masters. What a deadline finds wrong goes to `failed`."""

    buffer: EventBuffer
    router: Router
    journaling: Journaling | None

    def __init__(
        self, row: GroupRow, rtu: RtuLink, journals: Journals, failed: Callable[[BaseException], None]
    ) -> None:
        self.custody = Custody()
        self.latency = Latency()
        self.started: list[Master] = []
        self._row = row
        self._rtu = rtu
        self._journals = journals
        self._failed = failed
        self._timer: asyncio.TimerHandle | None = None
        self._armed = math.inf
        self._earlier_tally: Counter[Tally] = Counter()
        self._earlier_losses: dict[Hashable, Losses] = {}
        self._originators = _originators(row)
        self._begin()

    def _begin(self) -> None:
        row = self._row
        self.buffer = EventBuffer(row.rtu.ca, limit=row.event_buffer, age=row.event_age)
        self.custody.begin(self.buffer.tail)
        self.router = Router(self._policy(), self.buffer)
        self._take_journal()

    def _take_journal(self) -> None:
        self.journaling = self._journals.of(self._row, self.buffer, self._rtu, self._failed)

    async def recover(self) -> None:
        """Take up what an earlier process left, once, before the RTU is connected."""
        if self.journaling is not None and not self.journaling.is_ready:
            await self.journaling.recover({master.port: (master.key, master.ca) for master in self._row.masters})

    def start_anew(self) -> None:
        """Forget every event and request; what was counted stays. No master is started."""
        self.discard_journal()
        self._earlier_tally = self.tally
        self._earlier_losses = {master.key: self.losses(master) for master in self._row.masters}
        self.started.clear()
        self._begin()
        self._start_journal()

    def discard_journal(self) -> None:
        """Delete what is on disk and write no more."""
        if self.journaling is not None:
            self.journaling.discard()
        self.journaling = None

    def _start_journal(self) -> None:
        if self.journaling is not None:
            self.journaling.start_empty()

    def _policy(self) -> Policy:
        row = self._row
        return Policy(
            ca=row.rtu.ca,
            stamp=row.rtu.stamp,
            reserved=frozenset(self._originators.values()),
            copy_interrogation_data=row.interrogation_data is InterrogationData.ALL,
            select_timeout=row.select_timeout,
            private_types=row.private_types,
        )

    def adopt(self, row: GroupRow) -> None:
        """Go on with other settings; with another CA of the RTU, which takes that no master is started, anew."""
        former, self._row = self._row, row
        for key in {master.key for master in former.masters} - {master.key for master in row.masters}:
            self.buffer.forget(key)
            self._earlier_losses.pop(key, None)
        self._originators = _originators(row)
        if row.rtu.ca != former.rtu.ca:
            self.start_anew()
            return
        self.buffer.resize(limit=row.event_buffer, age=row.event_age, now=self._now())
        self.router.adopt(self._policy())
        if row.journal is not former.journal:
            self._change_journal()
        for master in self.started:
            if master.session is not None:
                master.session.policy = policy(master.row, self._originators[master.row.key])
        if self._rtu.connection is not None:
            self.pump()

    def _change_journal(self) -> None:
        self.discard_journal()
        self._take_journal()
        self._start_journal()
        if self._rtu.connection is not None:
            self.rtu_connected(self._rtu.connection)
            self.rtu_may_forget()

    def rtu_connected(self, connection: Connection) -> None:
        """Let the RTU wait for the disk, if there is a journal."""
        if self.journaling is not None:
            self.journaling.connected(connection)

    def rtu_may_forget(self) -> None:
        """Acknowledge to the RTU what was withheld: all of it, or what is on disk."""
        if self.journaling is not None:
            self.journaling.release()
        elif self._rtu.connection is not None:
            self._rtu.connection.release()

    def look(self) -> None:
        """See to the journal; to be called once a second."""
        if self.journaling is not None:
            self.journaling.look()

    @property
    def tally(self) -> Counter[Tally]:
        """What the routers have counted."""
        return self._earlier_tally + self.router.tally

    def losses(self, row: MasterRow) -> Losses:
        """Return what a master row did not get."""
        account = self.buffer.account(row.key)
        skipped = account.skipped - account.withheld
        now = Losses(skipped=skipped, withheld=account.withheld, lost=account.lost, dropped=account.dropped)
        now.update(self._earlier_losses.get(row.key, {}))
        return now

    def reader(self, row: MasterRow) -> Reader:
        """Return a new place in the event buffer."""
        return self.buffer.reader(row.key, row.ca)

    def join(self, master: Master) -> None:
        """Confirm a master's STARTDT act and let it have data."""
        row = master.row
        session = self.router.join(master, policy(row, self._originators[row.key]), master.reader)
        self.started.append(master)
        master.begin_session(session, self._now())

    def leave(self, master: Master) -> None:
        """End the session of a master, if it has one."""
        session = master.session
        if session is not None:
            self._count_exposed()
            self.started.remove(master)
            master.end_session(self._now())
            self.router.leave(session)

    def rtu_lost(self) -> None:
        """Give up what the RTU has been asked, and begin to count for its next connection."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._armed = None, math.inf
        self.router.rtu_lost(self._now())
        self._say()
        self.custody.begin(self.buffer.tail)
        if self.journaling is not None:
            self.journaling.disconnected()

    def from_rtu(self, asdus: Sequence[bytes], read: float) -> None:
        """Route a batch that came at `read` (monotonic seconds) and move it on at once."""
        now = self._now()
        only_values = self.router.from_rtu(asdus, now)
        self._count_exposed()
        if only_values:
            self._spread(now)
        else:
            self.pump()
        if self.journaling is not None:
            self.journaling.appended()
        self.latency.observe(self._now() - read)
        self._rtu.record.count(asdus)

    def from_master(self, master: Master, session: Session, asdus: Sequence[bytes]) -> None:
        """Route ASDUs of a started master."""
        try:
            self.router.from_master(session, asdus, self._now())
        except MalformedAsduError as fault:
            master.connection.close(str(fault))
        self.pump()

    def acknowledged(self, master: Master, count: int) -> None:
        """Move on what a master now has room for, and let the RTU go on if it waited for that."""
        self._count_exposed()
        reader = master.reader
        reader.acknowledged(count)
        if reader.has_more:
            master.refill(self._now())
        if self._rtu.withheld:
            self._brake(self._now())

    def pump(self) -> None:
        """Move what can move, in both directions; the only place where windows meet ring and queue."""
        now = self._now()
        window = self._rtu.window
        if window:
            self._rtu.send(self.router.take(window, now))
        for master in self.started:
            master.pump(now)
        self._look_who_is_behind(now)
        self._say()
        self._arm(now)

    def _spread(self, now: float) -> None:
        """Move values for everybody, which change nothing but what masters get: they answer and release no request."""
        for master in self.started:
            master.refill(now)
        if self._rtu.withheld or not self.buffer.is_roomy:
            self._look_who_is_behind(now)
            self._arm(now)

    def _look_who_is_behind(self, now: float) -> None:
        for reader in self.buffer.overrun():
            self._started_with(reader).overrun()
        self._brake(now)

    def _brake(self, now: float) -> None:
        """Let the RTU stop at its own k while it sends more than its masters can take, though they do what they can."""
        self._rtu.withhold(wanted=self.buffer.all_behind or self.buffer.outruns_prompt_one(now))

    def _started_with(self, reader: Reader) -> Master:
        return next(master for master in self.started if master.reader is reader)

    def _count_exposed(self) -> None:
        connection = self._rtu.connection
        if connection is not None and connection.link.confirmed != self.custody.confirmed:
            written_to = self.journaling.written_to if self.journaling is not None else 0
            self.custody.count(connection.link, self.buffer, written_to)

    def _say(self) -> None:
        for note in self.router.notes():
            who = note.session.who if note.session is not None else None
            log = who.log if isinstance(who, Master) else self._rtu.record.log
            (log.warning if note.warning else log.info)("%s", note.text)

    def _arm(self, now: float) -> None:
        deadline = self.router.next_deadline()
        if self._rtu.withheld:
            # Whether a master still takes what it can is not told by any event once it does not.
            deadline = min(deadline, now + _BRAKE_LOOK)
        if deadline < self._armed:
            if self._timer is not None:
                self._timer.cancel()
            self._armed = deadline
            self._timer = asyncio.get_running_loop().call_at(deadline, self._on_timer)

    def _on_timer(self) -> None:
        self._timer, self._armed = None, math.inf
        try:
            self.router.on_deadline(self._now())
            self.pump()
        except Exception as bug:  # noqa: BLE001 - the boundary: this group starts anew, the others never notice
            self._failed(bug)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _originators(row: GroupRow) -> dict[Hashable, int]:
    keys: list[Hashable] = [master.key for master in row.masters]
    return dict(zip(keys, originators([master.oa for master in row.masters]), strict=True))
