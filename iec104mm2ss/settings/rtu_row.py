"""One row of the simulator's file becomes an RTU; everything wrong in it is reported at once."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings import constants
from iec104mm2ss.settings.cells import UnusableError, nearest, seconds, shown, whole, yes_or_no
from iec104mm2ss.settings.filters import HostFilter, read_filter
from iec104mm2ss.settings.options import LINK, LONGEST_TIME, MASTER_ONLY, Convert, Given
from iec104mm2ss.settings.problems import Report, column_letter
from iec104mm2ss.settings.rows import RowReader
from iec104mm2ss.settings.simulation import Misbehaviour, RtuEntry
from iec104mm2ss.settings.table import UNDECODABLE

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
OPTIONS: Mapping[str, Convert] = {**_LINK_OPTIONS, "bind": MASTER_ONLY["bind"], **_MISBEHAVIOUR}
"""What the cells after the data file may hold as `name=value`."""

_COLUMNS = {"k": K, "idletime": IDLE}


def read_entry(reader: RowReader, base: LinkParameters, folder: Path) -> RtuEntry | None:
    """The RTU of a row, None after a refusal. `base` holds where the row is silent, `folder` has the data files."""
    number = reader.value(ID, "id", _id, 0)
    name, ca, port = _name(reader), reader.value(CA, "rtu no", _number, 0), reader.value(PORT, "port no", _number, 0)
    accept = _filter(reader)
    given = _constants(reader)
    data = reader.value(DATA, "io data file", _existing(folder), folder)
    options = _options(reader)
    given |= {option: options[option] for option in _LINK_OPTIONS if option in options}
    link = None if reader.refused else link_parameters(base, given, reader.report)
    if link is None:
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


def _name(reader: RowReader) -> str:
    """The name: on one line, printable, at most 16 characters."""
    text = " ".join(reader.text(NAME).split())
    if not text:
        reader.refuse(NAME, "the name is empty; every RTU needs one")
    if UNDECODABLE in text:
        reader.warn(NAME, f"the name {shown(text)} has characters that are not UTF-8; save the file as CSV UTF-8")
    if not text.isprintable():
        text = "".join(character if character.isprintable() else "?" for character in text)
        reader.warn(NAME, f"the name has invisible control characters; it is shown as {shown(text)}")
    if len(text) > LONGEST_NAME:
        reader.warn(NAME, f"the name {shown(text)} is cut to its first {LONGEST_NAME} characters")
    return text[:LONGEST_NAME].rstrip()


def _filter(reader: RowReader) -> HostFilter:
    accepted, complaints = read_filter(reader.text(HOSTS))
    for complaint in complaints:
        reader.warn(HOSTS, complaint)
    return accepted


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


def _options(reader: RowReader) -> dict[str, Given]:
    """The options `name=value` after the data file."""
    options: dict[str, Given] = {}
    for column in range(FIRST_OPTION, len(reader.row.cells)):
        name, equals, text = (part.strip() for part in reader.text(column).partition("="))
        if not name + equals or name.startswith("#"):
            continue
        if not equals:
            reader.warn(column, f"{shown(name)} is no option name=value and is not used")
        elif name.lower() in options:
            reader.refuse(column, f"the option {name.lower()} is given twice in this row")
        elif name.lower() in OPTIONS:
            options[name.lower()] = _option(reader, column, name.lower(), text)
        else:
            _refuse_unknown(reader, column, name)
    return options


def _option(reader: RowReader, column: int, name: str, text: str) -> Given:
    try:
        value = OPTIONS[name](text)
    except UnusableError as error:
        value = None
        reader.refuse(column, f"{shown(f'{name}={text}')} {error}")
    return Given(value, reader.row.line, column_letter(column))


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
