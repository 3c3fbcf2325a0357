"""One row of the simulator's file becomes an RTU; everything wrong in it is reported at once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings import constants
from iec104mm2ss.settings.cells import UnusableError, nearest, seconds, shown, whole, yes_or_no
from iec104mm2ss.settings.options import LINK, LONGEST_TIME, MASTER_ONLY, TLS, Convert, Given
from iec104mm2ss.settings.problems import Report, column_letter
from iec104mm2ss.settings.row_reader import RowReader
from iec104mm2ss.settings.simulation import Misbehaviour, RtuEntry
from iec104mm2ss.settings.tls import TlsSettings

ID, NAME, CA, PORT, HOSTS, K, IDLE, DATA, FIRST_OPTION = range(9)
LONGEST_NAME = 16
DEFAULTS = LinkParameters(idle=60.0, t3=math.inf)

_id = whole(0, 999_999_999)
_number = whole(1, 65535)
_frames = whole(1, 999_999_999)
_seconds = seconds(LONGEST_TIME)
_delay = seconds(3600, zero=True)
_NOT_IN_A_FILE_NAME = frozenset('<>/\\:"|?*')


def _drop_after(text: str) -> dict[str, float]:
    """The field of `Misbehaviour` and its value: `100` are I-frames, `30s` seconds."""
    try:
        if text.lower().endswith("s"):
            return {"drop_seconds": _seconds(text[:-1].rstrip())}
        return {"drop_frames": _frames(text)}
    except UnusableError:
        raise UnusableError("should be a number of I-frames such as 100, or seconds such as 30s") from None


_LINK_OPTIONS: Mapping[str, Convert] = {name: LINK[name] for name in ("w", "t1", "t2", "t3")}
_MISBEHAVIOUR: Mapping[str, Convert] = {
    "mirror_oa": yes_or_no,
    "ack_delay": _delay,
    "answer_delay": _delay,
    "no_actterm": yes_or_no,
    "refuse_second_gi": yes_or_no,
    "drop_after": _drop_after,
}
OPTIONS: Mapping[str, Convert] = {**_LINK_OPTIONS, "bind": MASTER_ONLY["bind"], **TLS, **_MISBEHAVIOUR}
"""What the cells after the data file may hold as `name=value`."""

_COLUMNS = {"k": K, "idletime": IDLE}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a row is silent; `data` is the folder of the data files."""

    link: LinkParameters
    tls: TlsSettings
    data: Path


def read_entry(reader: RowReader, defaults: Defaults) -> RtuEntry | None:
    """The RTU of a row, None after a refusal."""
    number = reader.value(ID, "id", _id, 0)
    name, ca = reader.name(NAME, LONGEST_NAME, "RTU"), reader.value(CA, "rtu no", _number, 0)
    port, accept = reader.value(PORT, "port no", _number, 0), reader.filter(HOSTS)
    given = _constants(reader)
    data = reader.value(DATA, "io data file", _existing(defaults.data), defaults.data)
    options = reader.options(
        FIRST_OPTION,
        OPTIONS,
        unknown=lambda column, name: _refuse_unknown(reader, column, name),
        remark=lambda column: reader.warn(
            column, f"{shown(reader.text(column))} is no option name=value and is not used"
        ),
    )
    given |= {option: options[option] for option in _LINK_OPTIONS if option in options}
    link = None if reader.refused else link_parameters(defaults.link, given, reader.report)
    tls = defaults.tls.of(reader, options)
    if link is None or reader.refused:
        return None
    return RtuEntry(
        id=number,
        name=name,
        ca=ca,
        port=port,
        accept=accept,
        link=link,
        data=data,
        bind=options["bind"].value if "bind" in options else None,
        tls=tls,
        misbehaviour=_misbehaviour(options),
        line=reader.row.line,
    )


def link_parameters(base: LinkParameters, given: Mapping[str, Given], report: Report) -> LinkParameters | None:
    """The constants in `given` over `base`; None, reported, where two of them contradict each other."""
    values = constants.combined(base, given)
    contradictions = list(constants.contradictions(values))
    for pair, text in contradictions:
        blamed = constants.first_given(pair, given)
        report.refuse(blamed.line, blamed.column, text)
    if contradictions:
        return None
    # That a quiet connection is closed without having been tested is the rule here: only a t3 that is given is judged.
    judged = values if "t3" in given else {**values, "t3": values["idle"]}
    for setting, text in constants.doubts(judged, given):
        report.warn(setting.line, setting.column, text)
    return LinkParameters(**values)


def _constants(reader: RowReader) -> dict[str, Given]:
    """The window k and the idle time, where the row has them."""
    filled = {name: column for name, column in _COLUMNS.items() if reader.text(column)}
    return {
        name: Given(reader.value(column, name, LINK[name], None), reader.row.line, column_letter(column))
        for name, column in filled.items()
    }


def _existing(folder: Path) -> Convert:
    """A reader of file names: files that lie in `folder` itself, nowhere else."""

    def read(text: str) -> Path:
        if not text or not _NOT_IN_A_FILE_NAME.isdisjoint(text):
            raise UnusableError("should be the name of a file in the folder data, such as iodata1.csv")
        path = folder / text
        if not _is_file(path):
            raise UnusableError(f"should be in the folder data: there is no file {path}")
        return path

    return read


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a folder that may not be looked into
        return False


def _refuse_unknown(reader: RowReader, column: int, name: str) -> None:
    # An option that is not understood refuses the row: a test of a misbehaviour that is not there proves nothing.
    if name.lower() in _COLUMNS:
        place = column_letter(_COLUMNS[name.lower()])
        reader.refuse(column, f"{name.lower()} is no option; it belongs in column {place}")
        return
    meant = nearest(name, OPTIONS)
    remedy = f"it should probably be {meant}" if meant else f"known here are {', '.join(OPTIONS)}"
    reader.refuse(column, f"the option {shown(name)} is unknown; {remedy}")


def _misbehaviour(options: Mapping[str, Given]) -> Misbehaviour:
    fields: dict[str, Any] = {name: options[name].value for name in _MISBEHAVIOUR if name in options}
    return Misbehaviour(**fields.pop("drop_after", {}), **fields)
