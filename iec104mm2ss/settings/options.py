"""The names that a file may use, what each holds, and where each belongs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netaddr import valid_ipv4

from iec104mm2ss.settings.cells import (
    UnusableError,
    octets,
    one_of,
    seconds,
    seconds_or_never,
    whole,
    yes_or_no,
)
from iec104mm2ss.settings.endpoints import ITEMS, is_host, is_ipv6
from iec104mm2ss.settings.points import read_points
from iec104mm2ss.settings.program import SetClock
from iec104mm2ss.settings.site import Clock, InterrogationData, JournalKind, StartDt, Takeover
from iec104mm2ss.tls.certificates import FINGERPRINT, plain_name

Convert = Callable[[str], Any]

LONGEST_TIME = 172_800  # seconds; 48 h is what the standard allows for t3, the longest of its timeouts


@dataclass(frozen=True, slots=True)
class Given:
    """A value and the cell that gave it: the line of the file and the spreadsheet's letter."""

    value: Any
    line: int
    column: str


def _host(text: str) -> str:
    if not is_host(text):
        raise UnusableError("should be a host name or an address")
    return text


def _local_address(text: str) -> str | None:
    """An address to listen on; `*` is every one."""
    if text == "*":
        return None
    if not valid_ipv4(text) and not is_ipv6(text):
        raise UnusableError("should be an address of this machine, or * for all")
    return text


def _file(text: str) -> str:
    if not text:
        raise UnusableError("should be the name of a file in PEM form, such as certs/gateway.pem")
    return text


def _peers(text: str) -> tuple[str, ...]:
    """Names in certificates and fingerprints, as they are compared; nothing stands for every peer."""
    return tuple(_peer(item) for item in map(str.strip, ITEMS.split(text)) if item)


def _peer(item: str) -> str:
    digits = item.lower().removeprefix(FINGERPRINT).replace(":", "")
    return FINGERPRINT + digits if re.fullmatch("[0-9a-f]{64}", digits) else plain_name(item)


LINK: Mapping[str, Convert] = {
    "k": whole(1, 32767),
    "w": whole(1, 32767),
    "t0": seconds(LONGEST_TIME),
    "t1": seconds(LONGEST_TIME),
    "t2": seconds(LONGEST_TIME),
    "t3": seconds_or_never(LONGEST_TIME),
    "idletime": seconds_or_never(LONGEST_TIME),
}
GROUP: Mapping[str, Convert] = {
    "startdt": one_of(StartDt),
    "interrogation_data": one_of(InterrogationData),
    "event_buffer": whole(1, 10_000_000),
    "event_age": seconds(31_536_000, zero=True),
    "select_timeout": seconds(3600),
    "journal": one_of(JournalKind),
    "private_types": yes_or_no,
}
PROGRAM: Mapping[str, Convert] = {
    "ntp_update_every_sec": whole(1, 31_536_000),
    "set_clock": one_of(SetClock),
    "log_size": octets(1_000, 1_000_000_000),
    "log_files": whole(0, 1000),
}
TLS: Mapping[str, Convert] = {
    "tls": yes_or_no,
    "tls_cert": _file,
    "tls_key": str,
    "tls_ca": _file,
    "tls_crl": str,
    "tls_peers": _peers,
}
ACCESS: Mapping[str, Convert] = {"require_filter": yes_or_no}
# The seed's own sample writes the server's setting in both ways.
SERVER: Mapping[str, Convert] = {"ntpserver": _host, "ntp_server": _host}
SETTINGS: Mapping[str, Convert] = {"nogui": str, **SERVER, **PROGRAM, **LINK, **GROUP, **TLS, **ACCESS}

RTU_ONLY: Mapping[str, Convert] = {"stamp": yes_or_no}
MASTER_ONLY: Mapping[str, Convert] = {
    "max": whole(1, 255),
    "takeover": one_of(Takeover),
    "oa": whole(1, 255),
    "commands": yes_or_no,
    "command_points": read_points,
    "clock": one_of(Clock),
    "bind": _local_address,
}
RTU_OPTIONS: Mapping[str, Convert] = {**LINK, **GROUP, **TLS, **RTU_ONLY}
MASTER_OPTIONS: Mapping[str, Convert] = {**LINK, **TLS, **MASTER_ONLY}
OPTIONS = tuple({**RTU_OPTIONS, **MASTER_OPTIONS})


def misplaced(name: str) -> str | None:
    """Where an option belongs that its row cannot have; None for a name that is no option at all."""
    if name in GROUP:
        return "belongs to the whole group; write it in the row of the group's RTU"
    if name in RTU_ONLY:
        return "belongs in the row of an RTU"
    if name in MASTER_ONLY:
        return "belongs in the row of a master"
    return "belongs to the whole file; write it in a row of its own" if name in SETTINGS else None
