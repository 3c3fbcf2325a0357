"""What the fields of an entry are called in a form, and what belongs into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import Role

if TYPE_CHECKING:
    from iec104mm2ss.gui.kinds import Kind

_FIELDS = {
    "id": ("Group", 8, "The number of the group: an RTU and its masters have the same."),
    "name": ("Name", 18, "At most 14 characters; shown as S/name for an RTU and as M/name for a master."),
    "sys name": ("Name", 18, "At most 16 characters."),
    "port no": ("Port", 8, "Where this program listens: unique, 1 to 65535."),
    "rtu no": ("RTU number (CA)", 8, "The common address of ASDUs on this connection: 1 to 65535."),
    "master": ("Master", 6, "Y for a master, N for an RTU."),
    "hosts": ("Accepted hosts or networks", 54, "Example: 192.168.1.0/24;10.10.1.2  Empty: everybody."),
    "k": ("k", 8, "I-frames sent and not yet acknowledged: 1 to 32767."),
    "idletime": ("Idle time (s)", 8, "Seconds without traffic after which a connection is closed, or never."),
    "iodata": ("Data file", 24, "The file of this RTU's signals, in the folder data."),
    "options": ("Options", 60, "Example: k=20 w=10 max=2 commands=N"),
}
_RTU_FIELDS = {
    "port no": ("Port", 8, "Not used for an RTU: its hosts say where it is."),
    "hosts": ("RTU at address:port", 54, "Tried in this order. Example: 10.1.9.4:2404;rtu2:2404"),
}


def field_form(name: str, role: Role, kind: Kind) -> tuple[str, int, str]:
    """Return a field's label, its width in characters and what belongs into it; a field not known here is shown too."""
    usual = _FIELDS.get(name, (name, 16, f"The column {name} of the file."))
    gateway = len(kind.roles) > 1
    if gateway and role is Role.RTU:
        return _RTU_FIELDS.get(name, usual)
    return ("No.", 8, "A number of its own for each RTU.") if name == "id" and not gateway else usual
