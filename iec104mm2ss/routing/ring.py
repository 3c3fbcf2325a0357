"""The ring under an event buffer: what the RTU sent, in order, under every CA that its readers know the RTU by."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from iec104mm2ss.wire.asdu import cause, type_id
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.types import TypeId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iec104mm2ss.routing.reader import Reader

_CA_OCTETS: Final = itemgetter(slice(4, 6))
_TIME_TAGGED: Final = range(TypeId.M_SP_TB_1, TypeId.M_EP_TF_1 + 1)


def is_replayable(asdu: bytes) -> bool:
    """Whether a master that was away gets this later: a spontaneous value with a full time tag.

    Others say what was true when they were sent, and the master's general interrogation asks for that anew.
    """
    return type_id(asdu) in _TIME_TAGGED and cause(asdu) == Cause.SPONTANEOUS


class Event(NamedTuple):
    """A replayable ASDU as the RTU sent it, with its position and the monotonic time of its arrival in seconds."""

    position: int
    stamp: float
    asdu: bytes


class Lane:
    """The ring's ASDUs with one CA in place of the RTU's; shared by all readers with that CA, made when asked for.

    `asdus` lies beside the ring's list, index for index. `marks` are the positions, ascending, where it holds nothing
    that may be handed out as it is: ASDUs for some readers only, and those that this CA must not see.
    """

    __slots__ = ("_ours", "_readers", "_ring", "_theirs", "asdus", "marks")

    def __init__(self, ring: Ring, ca: int) -> None:
        self._ring = ring
        self._theirs = ring.ca.to_bytes(2, "little")
        self._ours = ca.to_bytes(2, "little")
        self._readers = 0
        self.asdus: list[bytes] = []
        self.marks: list[int] = []

    def open(self) -> None:
        """Count one more started reader. It starts at the tail: what is before that need not be rewritten."""
        if not self._readers:
            self.asdus[:] = self._ring.asdus
        self._readers += 1

    def close(self) -> None:
        """Count one started reader less; what nobody reads is not kept."""
        self._readers -= 1
        if not self._readers:
            self.asdus.clear()
            self.marks.clear()

    def withholds(self, asdu: bytes) -> bool:
        """Whether an ASDU carries the number which these masters use for the RTU although it is not the RTU's.

        It would merge two stations' points.
        """
        return asdu[4:6] == self._ours != self._theirs

    def readdressed(self, asdu: bytes) -> bytes:
        """Return an ASDU of the RTU with the CA these masters know; another station's is left as it is."""
        return asdu[:4] + self._ours + asdu[6:] if asdu[4:6] == self._theirs else asdu

    def fill(self) -> None:
        """Catch up with the ring."""
        ring, asdus = self._ring, self.asdus
        first = ring.start + len(asdus)
        around = ring.around_ca(first)
        if around is None:
            asdus += map(self.readdressed, ring.asdus[len(asdus) :])
        else:
            asdus += map(self._ours.join, around)
        if around is None or ring.addressed_from(first):
            self._mark(first)

    def _mark(self, first: int) -> None:
        ring, ours = self._ring, self._ours
        fresh = enumerate(ring.asdus[first - ring.start :], first)
        self.marks += [position for position, asdu in fresh if asdu[4:6] == ours or position in ring.addressees]

    def trim(self, count: int) -> None:
        """Drop the first `count` ASDUs, as the ring does next; a shorter lane goes on at the ring's new start."""
        del self.asdus[:count]
        del self.marks[: bisect_left(self.marks, self._ring.start + count)]


class _OwnLane(Lane):
    """The lane with the RTU's own CA: the ring's own lists, which nothing has to be done for."""

    def __init__(self, ring: Ring) -> None:
        super().__init__(ring, ring.ca)
        self.asdus, self.marks = ring.asdus, ring.marks

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass


class Ring:
    """ASDUs at consecutive positions from `start` to before `tail`; positions are unbounded and never used again.

    `tail` is the position that the next ASDU will have. `addressees` says by position who gets an ASDU that is not for
    everybody, and with which OA; None stands for the octets as they are. `marks` are the same positions, ascending.
    """

    __slots__ = (
        "_addressed",
        "_around",
        "_around_from",
        "_around_to",
        "_ca_octets",
        "_lanes",
        "_own",
        "_stamp_positions",
        "_stamps",
        "addressees",
        "asdus",
        "ca",
        "marks",
        "start",
        "tail",
    )

    def __init__(self, ca: int) -> None:
        self.ca = ca
        self._ca_octets = {ca.to_bytes(2, "little")}
        self.start = 0
        self.tail = 0
        self.asdus: list[bytes] = []
        self.addressees: dict[int, Mapping[Reader, int | None]] = {}
        self.marks: list[int] = []
        self._addressed = 0
        self._around: list[tuple[bytes, bytes]] | None = []
        self._around_from = self._around_to = 0
        self._lanes: dict[int, Lane] = {}
        self._own = _OwnLane(self)
        self._stamp_positions: list[int] = []
        self._stamps: list[float] = []

    @property
    def broadcasts(self) -> int:
        """How many ASDUs for everybody were ever appended."""
        return self.tail - self._addressed

    def addressed_from(self, first: int) -> bool:
        """Whether from position `first` on anything is not for everybody."""
        return bool(self.marks) and self.marks[-1] >= first

    def around_ca(self, first: int) -> list[tuple[bytes, bytes]] | None:
        """Return what stands before and behind the CA of the ASDUs from position `first` on.

        None if one of them has not the RTU's CA. Lanes that keep up ask for the same ones, which are cut only once.
        """
        if (first, self.tail) != (self._around_from, self._around_to):
            fresh = self.asdus[first - self.start :]
            own = set(map(_CA_OCTETS, fresh)) <= self._ca_octets
            self._around = [(asdu[:4], asdu[6:]) for asdu in fresh] if own else None
            self._around_from, self._around_to = first, self.tail
        return self._around

    def append(self, asdus: Sequence[bytes], now: float) -> None:
        """Append ASDUs for everybody, with one stamp for all of them."""
        self._stamp_positions.append(self.tail)
        self._stamps.append(now)
        self.asdus += asdus
        self.tail += len(asdus)

    def append_for(self, addressees: Mapping[Reader, int | None], asdu: bytes) -> None:
        """Append an ASDU that is not for everybody."""
        position = self.tail
        self.addressees[position] = addressees
        self.marks.append(position)
        self.asdus.append(asdu)
        self.tail += 1
        self._addressed += 1

    def trim(self, count: int) -> None:
        """Drop the first `count` ASDUs."""
        for lane in self._lanes.values():
            lane.trim(count)
        self.start += count
        self._around, self._around_from, self._around_to = [], 0, 0  # may be as large as the ring
        del self.asdus[:count]
        outdated = bisect_left(self.marks, self.start)
        for position in self.marks[:outdated]:
            del self.addressees[position]
        del self.marks[:outdated]
        self._trim_stamps()

    def _trim_stamps(self) -> None:
        # The stamp of the first ASDU kept may stand at a position before it.
        outdated = bisect_right(self._stamp_positions, self.start) - 1
        if outdated > 0:
            del self._stamp_positions[:outdated]
            del self._stamps[:outdated]

    def events(self, first: int, end: int) -> list[Event]:
        """Return the replayable ASDUs for everybody from position `first` (may be before the start) to before `end`."""
        start = max(first, self.start)
        return [
            Event(position, self._stamp(position), asdu)
            for position, asdu in enumerate(self.asdus[start - self.start : end - self.start], start)
            if is_replayable(asdu) and position not in self.addressees
        ]

    def _stamp(self, position: int) -> float:
        return self._stamps[bisect_right(self._stamp_positions, position) - 1]

    def lane(self, ca: int) -> Lane:
        """Return the lane that readers with this CA share."""
        if ca == self.ca:
            return self._own
        if ca not in self._lanes:
            self._lanes[ca] = Lane(self, ca)
        return self._lanes[ca]
