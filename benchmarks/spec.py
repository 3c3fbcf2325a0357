"""What the command and its load generator tell each other, a line of JSON each."""

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.site import GroupRow, MasterRow

READY_LIMIT = 30.0
DRAIN_LIMIT = 30.0
SPARE = 15.0
"""Seconds for starting the site, for delivering what was sent, and for all that a run does besides."""

Figures = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is measured, apart from on whom.

    The measurement (`fan-out`, `latency`, `bring-up`), the number of groups and of masters in each, seconds of load (of
    idling for `bring-up`), APDU/s where it is paced, the k of the RTU and the w of the masters. `core`: the processor
    that is kept free for the load generator, None if there is none to spare.
    """

    measurement: str
    masters: int
    seconds: float
    groups: int = 1
    rate: float = 0.0
    k: int = 12
    w: int = 8
    core: int | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    """One run: a case on a site; `greeted`: the gateway sends M_EI_NA_1 to a master that has started."""

    case: Case
    groups: tuple[GroupRow, ...]
    greeted: bool

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Started:
    """The gateway under test: its process id and the monotonic time of its start."""

    pid: int
    at: float


def spec_from_json(line: str) -> Spec:
    """Read what `Spec.to_json` wrote."""
    values: dict[str, Any] = json.loads(line)
    groups = tuple(
        GroupRow(group["rtu_port"], tuple(MasterRow(**master) for master in group["masters"]))
        for group in values["groups"]
    )
    return Spec(Case(**values["case"]), groups, values["greeted"])


def time_limit(case: Case) -> int:
    """Seconds after which a run is hopeless."""
    return math.ceil(case.seconds + READY_LIMIT + DRAIN_LIMIT + SPARE)
