"""A site file cut into several, each with some of its groups: for gateways on several machines."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from iec104mm2ss.settings.cells import UnusableError, whole
from iec104mm2ss.settings.load import parse
from iec104mm2ss.settings.options import SETTINGS
from iec104mm2ss.settings.problems import Report
from iec104mm2ss.settings.row_reader import RowReader
from iec104mm2ss.settings.rows import ID, PORT, group_number, is_master
from iec104mm2ss.settings.table import Row
from iec104mm2ss.settings.written import Written

_EVERYWHERE = -1
_FIRST = 0


def split(data: bytes, path: Path, parts: int) -> list[bytes]:
    """Cut a site file by groups into `parts` files with about as many masters each; `path` is only named.

    Rows stay in the order of the file. Every part has the settings and all rows above the first entry; a comment
    further down goes with the row below it. Groups whose masters claim one port stay together, so that the same row
    wins. Entries that cannot be used go to the first part, and so does what stands below the row with `!`. The parts
    run the same groups as the whole.

    Raises UnusableError where the file has fewer groups, or rows that would read differently with other neighbours.
    """
    usable = {group.number for group in parse(data, path).site.groups}
    written = Written.of(data)
    rows = [row.read for row in written.rows]
    claims = list(_claims(_above_end(rows)))
    clusters = [cluster for cluster in _clusters(claims) if usable & cluster]
    if not 1 <= parts <= len(clusters):
        remedy = f"choose a number of files from 1 to {len(clusters)}" if clusters else "correct it first"
        raise UnusableError(f"the file has {len(clusters)} groups that can run apart from each other: {remedy}")
    places = _places(rows, _distributed(clusters, Counter(group for group, _ in claims), parts))
    return [_part(written, [place in (part, _EVERYWHERE) for place in places]) for part in range(parts)]


def _above_end(rows: Sequence[Row]) -> Sequence[Row]:
    end = next((at for at, row in enumerate(rows) if row.first.startswith("!")), len(rows))
    return rows[:end]


def _claims(rows: Iterable[Row]) -> Iterator[tuple[int, int]]:
    """The group and the port of every master, whether or not its row can be used otherwise."""
    for row in rows:
        reader = RowReader(row, Report(""))
        if row.is_entry and not row.fault and is_master(reader):
            group, port = reader.value(ID, "id", group_number, -1), reader.value(PORT, "port no", whole(1, 65535), 0)
            if not reader.refused:
                yield group, port


def _clusters(claims: Iterable[tuple[int, int]]) -> list[set[int]]:
    """The groups, together where they claim a port in common, in the order of the file."""
    cluster_of: dict[int, set[int]] = {}
    owners: dict[int, int] = {}
    for group, port in claims:
        own = cluster_of.setdefault(group, {group})
        other = cluster_of[owners.setdefault(port, group)]
        if other is not own:
            other |= own
            cluster_of |= dict.fromkeys(own, other)
    return list({id(cluster): cluster for cluster in cluster_of.values()}.values())


def _distributed(clusters: Iterable[set[int]], masters: Mapping[int, int], parts: int) -> dict[int, int]:
    """The part of each group: the largest cluster first, always to the part with the fewest masters so far."""
    weights = [(sum(masters[group] for group in cluster), cluster) for cluster in clusters]
    loads = [0] * parts
    part_of: dict[int, int] = {}
    for weight, cluster in sorted(weights, key=lambda pair: -pair[0]):
        part = loads.index(min(loads))
        loads[part] += weight
        part_of |= dict.fromkeys(cluster, part)
    return part_of


def _places(rows: Sequence[Row], part_of: Mapping[int, int]) -> list[int]:
    """The part of every row."""
    read = _above_end(rows)
    head = next((at for at, row in enumerate(read) if row.is_entry), len(read))
    below = _FIRST
    upwards: list[int] = []
    for row in reversed(read[head:]):
        if row.first.lower() in SETTINGS:
            below = _EVERYWHERE
        elif row.is_entry:
            below = _part_of_entry(row, part_of)
        upwards.append(below)
    return [_EVERYWHERE] * head + upwards[::-1] + [_FIRST] * (len(rows) - len(read))


def _part_of_entry(row: Row, part_of: Mapping[int, int]) -> int:
    try:
        return part_of.get(group_number(row.first), _FIRST)
    except UnusableError:
        return _FIRST


def _part(written: Written, chosen: Sequence[bool]) -> bytes:
    """The octets of the chosen rows, after a look whether they read as they did."""
    texts = [row.text for row, here in zip(written.rows, chosen, strict=True) if here]
    data = written.octets_of(texts, written.rest if chosen[-1] else b"")
    if [row.text for row in Written.of(data).rows if row.text] != [text for text in texts if text]:
        fault = next((f"row {row.read.line}: {row.read.fault}" for row in written.rows if row.read.fault), "")
        raise UnusableError(f"the file cannot be split before it is corrected: {fault or 'save it as CSV UTF-8'}")
    return data
