"""Common and originator addresses on their way through the gateway."""

from collections.abc import Collection, Sequence

BROADCAST_CA = 65535
BROADCAST_TYPES = frozenset((100, 101, 103, 105))
"""The only types that may be sent to the broadcast address (IEC 60870-5-101, 7.2.4)."""

HIGHEST_OA = 255


def towards_rtu(type_id: int, ca: int, *, master: int, rtu: int) -> int | None:
    """Return the CA that the RTU gets for `ca` as the master wrote it; None where it must not reach the RTU.

    A master whose own number differs from the RTU's and that uses the RTU's would reach it under an address which the
    operator gave to somebody else; 0 is not used (IEC 60870-5-101, 7.2.4).
    """
    if ca == master or (ca == BROADCAST_CA and type_id in BROADCAST_TYPES):
        return rtu
    if ca in (rtu, 0):
        return None
    return ca


def originators(fixed: Sequence[int | None]) -> list[int]:
    """Return the OA of each master row in file order: the fixed one, else its place counted from 1.

    A row whose place another row has fixed gets the lowest one that is left, and 0 where none is.
    """
    taken = {oa for oa in fixed if oa is not None}
    free = set(range(1, HIGHEST_OA + 1)) - taken
    wanted = [oa or (place if place in free else None) for place, oa in enumerate(fixed, start=1)]
    spare = iter(sorted(free.difference(wanted)))
    return [oa or next(spare, 0) for oa in wanted]


def free_originator(preferred: int, *, used: Collection[int], reserved: Collection[int]) -> int:
    """Return `preferred`, or where it is in use one that no row has for its own; 0 when all 255 are in use."""
    if preferred not in used:
        return preferred
    spare = [oa for oa in range(1, HIGHEST_OA + 1) if oa not in used]
    return next((oa for oa in spare if oa not in reserved), spare[0] if spare else 0)
