"""One row of the site file becomes an RTU or a master; everything wrong in it is reported at once."""

import re
from collections.abc import Mapping
from typing import Any

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings import constants
from iec104mm2ss.settings.cells import nearest, shown, whole, yes_or_no
from iec104mm2ss.settings.endpoints import Endpoint, read_endpoints
from iec104mm2ss.settings.options import (
    GROUP,
    LINK,
    MASTER_ONLY,
    MASTER_OPTIONS,
    OPTIONS,
    RTU_ONLY,
    RTU_OPTIONS,
    Convert,
    Given,
    misplaced,
)
from iec104mm2ss.settings.row_reader import RowReader
from iec104mm2ss.settings.site import MasterRow, RtuRow
from iec104mm2ss.settings.tls import TlsSettings

ID, NAME, PORT, CA, MASTER, HOSTS, FIRST_OPTION = range(7)
LONGEST_NAME = 14
group_number = whole(0, 999_999_999)
_number = whole(1, 65535)


def column_of(reader: RowReader, option: str) -> int:
    """The column of an option that the row has, else that of the row's number."""
    named = (cell.partition("=")[0].strip().lower() for cell in reader.row.cells[FIRST_OPTION:])
    return next((FIRST_OPTION + place for place, name in enumerate(named) if name == option), ID)


def is_master(reader: RowReader) -> bool | None:
    """What column E says; None after a refusal."""
    text = reader.text(MASTER)
    return reader.value(MASTER, "master", yes_or_no, None) if text else False


def read_rtu(reader: RowReader, base: LinkParameters, tls: TlsSettings) -> tuple[RtuRow, dict[str, Any]] | None:
    """The RTU of a row and the group's values from its options; None after a refusal."""
    name, ca, hosts = _name(reader), reader.value(CA, "rtu no", _number, 0), _endpoints(reader)
    options = _options(reader, RTU_OPTIONS)
    link = _link(reader, options, base)
    own_tls = tls.of(reader, options)
    if reader.refused:
        return None
    own = _values(options, RTU_ONLY)
    group = group_number(reader.row.first)
    row = RtuRow(group=group, name=f"S/{name}", ca=ca, hosts=hosts, link=link, tls=own_tls, line=reader.row.line, **own)
    return row, _values(options, GROUP)


def read_master(reader: RowReader, base: LinkParameters, tls: TlsSettings, *, require_filter: bool) -> MasterRow | None:
    """The master of a row; None after a refusal."""
    name, ca = _name(reader), reader.value(CA, "rtu no", _number, 0)
    port, accept = reader.value(PORT, "port no", _number, 0), reader.filter(HOSTS, required=require_filter)
    options = _options(reader, MASTER_OPTIONS)
    link = _link(reader, options, base)
    own_tls = tls.of(reader, options)
    if reader.refused:
        return None
    return MasterRow(
        group=group_number(reader.row.first),
        name=f"M/{name}",
        port=port,
        ca=ca,
        accept=accept,
        link=link,
        tls=own_tls,
        line=reader.row.line,
        **_values(options, MASTER_ONLY),
    )


def _values(options: Mapping[str, Given], names: Mapping[str, Convert]) -> dict[str, Any]:
    return {name: options[name].value for name in names if name in options}


def _name(reader: RowReader) -> str:
    return reader.name(NAME, LONGEST_NAME, "RTU and master")


def _endpoints(reader: RowReader) -> tuple[Endpoint, ...]:
    """The RTU's hosts; bad ones are left out where others are good."""
    endpoints, complaints = read_endpoints(reader.text(HOSTS))
    for complaint in complaints:
        if endpoints:
            reader.warn(HOSTS, f"{complaint}; it is left out")
        else:
            reader.refuse(HOSTS, complaint)
    if not endpoints and not complaints:
        reader.refuse(HOSTS, "the RTU has no host; it should look like 192.168.1.1:2404")
    return endpoints


def _options(reader: RowReader, known: Mapping[str, Convert]) -> dict[str, Given]:
    """The options behind the hosts."""
    return reader.options(
        FIRST_OPTION,
        known,
        unknown=lambda column, name: _refuse_unknown(reader, column, name, known),
        remark=lambda column: _judge_remark(reader, column),
    )


def _refuse_unknown(reader: RowReader, column: int, name: str, known: Mapping[str, Convert]) -> None:
    # An option that is not understood refuses the row: a mistyped commands=N must not let commands through.
    place = misplaced(name.lower())
    if place:
        reader.refuse(column, f"the option {name.lower()} {place}")
        return
    meant = nearest(name, OPTIONS)
    remedy = f"it should probably be {meant}" if meant else f"known here are {', '.join(known)}"
    reader.refuse(column, f"the option {shown(name)} is unknown; {remedy}")


def _judge_remark(reader: RowReader, column: int) -> None:
    """A cell without `=`: a remark, unless it looks as if it was meant as an option."""
    text = reader.text(column)
    meant = nearest(re.split(r"[\s:]", text)[0], OPTIONS)
    if meant:
        reader.refuse(column, f"{shown(text)} is no option; it should look like {meant}=value")
    else:
        reader.warn(column, f"{shown(text)} is no option name=value and is not used; several hosts belong in one cell")


def _link(reader: RowReader, options: Mapping[str, Given], base: LinkParameters) -> LinkParameters:
    """The row's constants; `base` after a refusal."""
    given = {name: options[name] for name in LINK if name in options}
    if reader.refused:
        return base
    values = constants.combined(base, given)
    for pair, text in constants.contradictions(values):
        blamed = constants.first_given(pair, given)
        reader.refused = True
        reader.report.refuse(blamed.line, blamed.column, text)
    if reader.refused:
        return base
    for setting, text in constants.doubts(values, given):
        reader.report.warn(setting.line, setting.column, text)
    return LinkParameters(**values)
