"""What the user says of the station under test, and what may be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.wire.asdu import build
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.elements import Command, encode_objects
from iec104mm2ss.wire.types import TypeId

if TYPE_CHECKING:
    from iec104mm2ss.wire.time import CP56Time2a

ABSENT_IOA: Final = 0xFFFFFE
"""An address that no station is expected to have."""
_STANDARD: Final = LinkParameters()


@dataclass(frozen=True, slots=True)
class Order:
    """A command that may be executed: its address, type (45 to 50, 58 to 63) and value, as the element has it."""

    ioa: int
    type_id: int = TypeId.C_SC_NA_1
    value: float = 1

    def asdu(
        self,
        ca: int,
        *,
        select: bool = False,
        cause: Cause = Cause.ACTIVATION,
        time: CP56Time2a | None = None,
        ioa: int | None = None,
    ) -> bytes:
        """Return the command, with `ioa` for another address. Raises ValueError for a value that the type has not."""
        tag = time if self.type_id >= TypeId.C_SC_TA_1 else None
        element = Command(self.value, select=select, time=tag)
        return build(self.type_id, cause, ca, encode_objects(self.type_id, [(ioa or self.ioa, element)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The station under test; times in seconds.

    `parameters` are what the station is configured with; t3 `math.inf` where it sends no test frames. `patience` is
    how long an answer may take, `quiet` how long nothing has to come where nothing may come, `tolerance` what is added
    to 5 % of a time-out, `quick` what a confirmation of a good station takes at most. `select_timeout` is for how long
    the station keeps a selection.
    """

    host: str
    port: int
    ca: int = 1
    parameters: LinkParameters = _STANDARD
    patience: float = 5.0
    quiet: float = 1.0
    tolerance: float = 1.0
    quick: float = 2.0
    select_timeout: float = 30.0
    order: Order | None = None
    may_set_clock: bool = False
    may_take_long: bool = False

    @property
    def where(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def slack(self, timeout: float) -> float:
        """By how much a time-out may be missed."""
        return self.tolerance + timeout / 20
