"""What differs between the windows of the two programs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from iec104mm2ss.console.snapshot import Role
from iec104mm2ss.gui import columns as c


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A program's window: `columns` can be chosen, `usual` are shown unless others were.

    `roles` have totals in the head, with their headings. `sends` says whether index sends can be asked for.
    """

    program: str
    title: str
    columns: tuple[c.Column, ...]
    usual: tuple[str, ...]
    roles: tuple[tuple[Role, str], ...]
    sends: bool = False


_COMMON = (c.STATE, c.PEER, c.CA, c.ADDRESS, c.SINCE, c.RECEIVING, c.SENDING, c.WINDOW)
_FURTHER = (c.EVENT, c.EVENT_AGE, c.RECEIVED, c.SENT, c.LINE)
_SIGNALS = (c.INTERROGATION, c.INDEX, c.PROGRESS)
_PORT = replace(c.ADDRESS, heading="Port", width=8, tip="Where this RTU is listened for.", right=True)


def _names(*columns: c.Column) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


GATEWAY = Kind(
    program="iec104mm2ss",
    title="IEC 104 gateway",
    columns=(*_COMMON, *_FURTHER),
    usual=_names(*_COMMON, c.EVENT),
    roles=((Role.RTU, "RTUs"), (Role.MASTER, "Masters")),
)
SIMULATOR = Kind(
    program="iec104rs",
    title="IEC 104 RTU simulator",
    columns=(*(_PORT if column is c.ADDRESS else column for column in _COMMON), *_SIGNALS, *_FURTHER, c.DATA),
    usual=_names(c.STATE, c.PEER, c.CA, c.ADDRESS, c.SINCE, c.SENDING, *_SIGNALS, c.EVENT),
    roles=((Role.RTU, "RTUs"),),
    sends=True,
)
KINDS = {kind.program: kind for kind in (GATEWAY, SIMULATOR)}
