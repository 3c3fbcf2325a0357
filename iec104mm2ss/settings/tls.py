"""The TLS of a connection: a row's own options before those of the whole file, and what is wrong with the files."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iec104mm2ss.settings.options import TLS, Given
from iec104mm2ss.settings.problems import Report
from iec104mm2ss.settings.row_reader import RowReader
from iec104mm2ss.tls.check import Complaint, complaints
from iec104mm2ss.tls.parameters import TlsParameters

_NEEDED = ("tls_cert", "tls_ca")
_FILES = (*_NEEDED, "tls_key", "tls_crl")


class TlsSettings:
    """What the setting rows say of TLS. Names of files are relative to `folder`, where the file that is read lies.

    A value of None was lost with its row: a row with TLS needs one of its own, lest it accept more than was meant.
    """

    def __init__(self, folder: Path, given: Mapping[str, Given]) -> None:
        self._folder = folder
        self._given = given
        self._complaints: dict[TlsParameters, tuple[Complaint, ...]] = {}
        self._told: set[tuple[int, str, str]] = set()
        self._used = False

    def of(self, reader: RowReader, options: Mapping[str, Given]) -> TlsParameters | None:
        """The TLS of a row with these options; None without, and after a refusal."""
        own = {name: options[name] for name in TLS if name in options}
        given = {**self._given, **own}
        wanted = "tls" in given and given["tls"].value
        if reader.refused:
            return None
        lacking = [name for name in TLS if (given[name].value is None if name in given else name in _NEEDED)]
        if wanted and not lacking:
            self._used = True
            tls = self._parameters({name: setting.value for name, setting in given.items()})
            self._warn(tls, given, reader.report)
            return tls
        if wanted:
            _refuse(reader, own, f"TLS needs {'= and '.join(lacking)}= too, in this row or for the whole file")
        elif own and "tls" not in own:
            # A connection that was meant to be safe must not come up without it.
            _refuse(reader, own, f"{next(iter(own))} has no use without tls=Y")
        return None

    def warn_if_unused(self, report: Report) -> None:
        """Report that there are files for TLS and no row uses them, unless `tls` says that this is meant."""
        first = next(iter(self._given.values()), None)
        if first and not self._used and "tls" not in self._given:
            report.warn(first.line, "A", "TLS is used by no row; write tls,Y for the whole file, or tls=Y in rows")

    def _parameters(self, values: Mapping[str, Any]) -> TlsParameters:
        files = {name: self._folder / values[name] for name in _FILES if values.get(name)}
        return TlsParameters(
            cert=files["tls_cert"],
            key=files.get("tls_key", files["tls_cert"]),
            ca=files["tls_ca"],
            crl=files.get("tls_crl"),
            peers=values.get("tls_peers", ()),
        )

    def _warn(self, tls: TlsParameters, given: Mapping[str, Given], report: Report) -> None:
        """Report the files. The row waits for one that cannot be used: it may be put right while the program runs."""
        for option, text, stops in self._complaints_of(replace(tls, peers=())):
            blamed = given.get(option, given["tls_cert"])
            place = (blamed.line, blamed.column, text)
            if place not in self._told:
                self._told.add(place)
                (report.fault if stops else report.warn)(*place)

    def _complaints_of(self, tls: TlsParameters) -> Iterable[Complaint]:
        if tls not in self._complaints:
            self._complaints[tls] = tuple(complaints(tls, datetime.now(UTC)))
        return self._complaints[tls]


def _refuse(reader: RowReader, own: Mapping[str, Given], text: str) -> None:
    column = next(iter(own.values())).column if own else ""
    reader.refused = True
    reader.report.refuse(reader.row.line, column, text)
