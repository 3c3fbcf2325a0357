"""A list of points: information object addresses that a master may command."""

from dataclasses import dataclass

from iec104mm2ss.settings.cells import UnusableError, shown, whole
from iec104mm2ss.settings.endpoints import ITEMS

_HIGHEST = 0xFFFFFF  # three octets (IEC 60870-5-101, 7.2.5)
_address = whole(0, _HIGHEST)


@dataclass(frozen=True, slots=True)
class Points:
    """Addresses and ranges of addresses, 0 to 16777215, as they are written in a cell."""

    ranges: tuple[range, ...]

    def __contains__(self, ioa: object) -> bool:
        return any(ioa in addresses for addresses in self.ranges)

    def __str__(self) -> str:
        return ";".join(map(_written, self.ranges))


def read_points(text: str) -> Points:
    """A list such as `1000-1999;3001`, both ends included. Raises UnusableError for one with any bad item."""
    ranges = tuple(_range(item) for item in map(str.strip, ITEMS.split(text)) if item)
    if not ranges:
        raise UnusableError("should be information object addresses such as 1000-1999;3001")
    return Points(ranges)


def _range(item: str) -> range:
    first, hyphen, last = map(str.strip, item.partition("-"))
    try:
        low = _address(first)
        high = _address(last) if hyphen else low
    except UnusableError:
        raise UnusableError(
            f"has {shown(item)}, which should be addresses or ranges such as 1000-1999;3001, from 0 to {_HIGHEST}"
        ) from None
    if low > high:
        raise UnusableError(f"has {shown(item)}, which should be written {high}-{low}")
    return range(low, high + 1)


def _written(addresses: range) -> str:
    return f"{addresses[0]}-{addresses[-1]}" if len(addresses) > 1 else str(addresses[0])
