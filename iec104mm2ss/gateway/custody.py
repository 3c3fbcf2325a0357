"""What the RTU has forgotten although not every started master has it."""

from iec104mm2ss.link.link import Link
from iec104mm2ss.routing.buffer import EventBuffer


class Custody:
    """Counts the ASDUs that were acknowledged to the RTU before every started master, or the disk, had them.

    A crash in that moment would lose them. Ask it before masters' positions change and after ASDUs were appended.
    """

    def __init__(self) -> None:
        self.exposed = 0
        self.confirmed = 0
        self._position = 0

    def begin(self, tail: int) -> None:
        """Count for a new connection of the RTU; its first ASDU will have the position `tail` in the buffer."""
        self.confirmed, self._position = 0, tail

    def count(self, link: Link, buffer: EventBuffer, written_to: int) -> None:
        """Count what has been acknowledged since the last call; what is before position `written_to` is on disk."""
        if link.confirmed == self.confirmed:
            return
        confirmed_to = buffer.tail - (link.received - link.confirmed)
        self.exposed += max(0, confirmed_to - max(self._position, written_to, buffer.first_unacknowledged()))
        self.confirmed, self._position = link.confirmed, max(self._position, confirmed_to)
