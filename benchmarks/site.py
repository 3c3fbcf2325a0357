"""The site that a run works on: its groups, their free loopback ports, and the file that the gateways read."""

import csv
import random
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
RTU_CA = 32
NO_PORT = 0
"""Of a group whose masters connect to the program under test itself."""
PORTS = range(10000, 32768)
"""Below the ephemeral ports, which the load's own connections use up."""


@dataclass(frozen=True, slots=True)
class MasterRow:
    """A master: the port on which the gateway listens for it, and the CA it knows the RTU by."""

    port: int
    ca: int


@dataclass(frozen=True, slots=True)
class GroupRow:
    """An RTU, by the port on which it listens, and its masters."""

    rtu_port: int
    masters: tuple[MasterRow, ...]


def build(groups: int, masters: int, *, rewrite: bool) -> tuple[GroupRow, ...]:
    """Groups on free ports; with `rewrite` every other master, the first included, has a CA of its own."""
    ports = _free_ports(groups * (masters + 1))
    return tuple(
        GroupRow(next(ports), tuple(MasterRow(next(ports), _master_ca(number, rewrite)) for number in range(masters)))
        for _ in range(groups)
    )


def _master_ca(number: int, rewrite: bool) -> int:  # noqa: FBT001 - private, one caller
    return RTU_CA + 1 + number if rewrite and number % 2 == 0 else RTU_CA


def _free_ports(count: int) -> Iterator[int]:
    start = random.randrange(len(PORTS))
    found = 0
    for step in range(len(PORTS)):
        port = PORTS[(start + step) % len(PORTS)]
        if found < count and _is_free(port):
            found += 1
            yield port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def write(path: Path, groups: Sequence[GroupRow], *, k: int, w: int) -> None:
    """Write the site as the gateway's settings file; k and w hold for all connections."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerows((["nogui"], ["k", k], ["w", w]))
        for number, group in enumerate(groups, 1):
            rows.writerow([number, "RTU", "", RTU_CA, "N", f"{HOST}:{group.rtu_port}"])
            rows.writerows(
                [number, f"M-{place}", master.port, master.ca, "Y", HOST, f"bind={HOST}"]
                for place, master in enumerate(group.masters, 1)
            )


def read(path: Path) -> tuple[list[GroupRow], int, int]:
    """Read back groups, k and w as `write` wrote them; not a reader for site files written by hand."""
    groups: list[GroupRow] = []
    settings: dict[str, int] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            if len(row) == 2:  # noqa: PLR2004 - a setting and its value
                settings[row[0]] = int(row[1])
            elif "N" in row:
                groups.append(GroupRow(int(row[5].rpartition(":")[2]), ()))
            elif "Y" in row:
                master = MasterRow(int(row[2]), int(row[3]))
                groups[-1] = GroupRow(groups[-1].rtu_port, (*groups[-1].masters, master))
    return groups, settings["k"], settings["w"]
