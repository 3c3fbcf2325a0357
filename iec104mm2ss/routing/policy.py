"""What a group and its masters are allowed, as the router needs it."""

from collections.abc import Container
from dataclasses import dataclass
from enum import Enum

from iec104mm2ss.routing.table import CLOCK, POINT_COMMANDS, commanded_ioas, is_command, is_private
from iec104mm2ss.wire.asdu import object_count, type_id

CLOCK_PATIENCE = 0.1
"""Seconds that a clock synchronisation may wait: a late clock is a wrong clock."""

COMMAND_AGE = 5.0
"""Seconds after which a command that could not be handed to the RTU is refused and never sent."""

CONFIRMATION_TIME = 10.0
"""Seconds without ACTCON after which a request no longer blocks others."""

LATE_ANSWER_TIME = 60.0
"""Seconds for which a request that stopped blocking still claims its answer."""

TERMINATION_TIME = 30.0
"""Seconds from the ACTCON of an execute to its ACTTERM."""

INTERROGATION_TIME = 60.0
"""Seconds of silence after which an interrogation is over without its ACTTERM."""

TRANSFER_SILENCE = 30.0
"""Seconds of silence after which a file transfer is over."""

WAITING_TO_WITHHOLD = 64
"""Requests of one session waiting, beyond which its frames are not acknowledged."""

WAITING_LIMIT = 1000
"""Requests of one session waiting, beyond which further ones are mirrored with P/N=1."""


class Clock(Enum):
    """What becomes of a master's clock synchronisation (type 103)."""

    FORWARD = "forward"
    CONFIRM = "confirm"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterPolicy:
    """One master row.

    `ca` is the common address (RTU number) that this master uses, `oa` the originator address that its requests carry
    towards the RTU (0..255). Without `commands` the master is monitor-only. `points` are the IOAs that it may command,
    0 among them for what is no point's, such as a reset; None for all.
    """

    ca: int
    oa: int
    commands: bool = True
    points: Container[int] | None = None
    clock: Clock = Clock.FORWARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One group. `ca` is the RTU's common address, `select_timeout` in seconds.

    `stamp` sends each session's own OA to the RTU, otherwise 0. `reserved` are the originator addresses of all rows:
    a further session of a row never takes another row's. `copy_interrogation_data` gives interrogated values
    (COT 20-41) to every master, not just to the one that asked. Without `private_types` the types 128 to 255 are
    dropped or refused.
    """

    ca: int
    stamp: bool = True
    reserved: frozenset[int] = frozenset()
    copy_interrogation_data: bool = False
    select_timeout: float = 30.0
    private_types: bool = True


def refusal(group: Policy, master: MasterPolicy, asdu: bytes) -> str | None:
    """Return why a master's ASDU may not reach the RTU, None if it may."""
    if is_private(asdu) and not group.private_types:
        return "private types are blocked in this group"
    if type_id(asdu) == CLOCK and master.clock is Clock.REFUSE:
        return "this master may not set the clock"
    return _forbidden(master, asdu) if is_command(asdu) else None


def _forbidden(master: MasterPolicy, command: bytes) -> str | None:
    if not master.commands:
        return "this master may not command"
    # Point ownership and the matching of answers go by the one IOA that the standard allows here (7.3.2).
    if type_id(command) in POINT_COMMANDS and object_count(command) != 1:
        return "a command has exactly one information object"
    if master.points is not None and not all(point in master.points for point in commanded_ioas(command)):
        return "not among the command_points of this master"
    return None
