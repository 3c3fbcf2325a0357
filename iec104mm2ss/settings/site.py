"""The data of a site file: what the gateway runs, frozen and compared by value."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.endpoints import Endpoint
from iec104mm2ss.settings.filters import HostFilter
from iec104mm2ss.settings.points import Points
from iec104mm2ss.settings.program import ProgramSettings
from iec104mm2ss.tls.parameters import TlsParameters


class StartDt(Enum):
    """When the RTU gets STARTDT act: as soon as it is connected, or when the first master starts."""

    ALWAYS = "always"
    ON_DEMAND = "on_demand"


class InterrogationData(Enum):
    """Who receives the values of an interrogation: the masters that asked, or all of the group."""

    ASKER = "asker"
    ALL = "all"


class Takeover(Enum):
    """What happens when one connection too many comes: test the first, let the new one win, refuse it."""

    PROBE = "probe"
    NEW = "new"
    NEVER = "never"


class Clock(Enum):
    """What becomes of a master's clock synchronisation (type 103): to the RTU, confirmed here, or refused."""

    FORWARD = "forward"
    CONFIRM = "confirm"
    REFUSE = "refuse"


class JournalKind(Enum):
    """Whether a group's events outlive the program: no, yes, or the loss of power, too."""

    OFF = "off"
    ON = "on"
    SYNC = "sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class RtuRow:
    """One slave: the RTU of a group.

    `name` begins with `S/`. `ca` is its common address, 1..65535. `hosts` has at least one endpoint. `stamp` says
    whether requests carry the originator address of their session. `tls` is None for a connection without it. `line`
    is the row's place in the file.
    """

    group: int
    name: str
    ca: int
    hosts: tuple[Endpoint, ...]
    link: LinkParameters
    stamp: bool = True
    tls: TlsParameters | None = None
    line: int = field(default=0, compare=False)

    @property
    def key(self) -> tuple[int, Literal["S"]]:
        """What identifies this connection over a reload, whatever its name becomes."""
        return (self.group, "S")


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterRow:
    """One master: a listening port of a group.

    `name` begins with `M/`. `port` and `ca` are 1..65535. `max` is the number of connections at one time, 1..255.
    `oa` is the originator address towards the RTU, 1..255, None for the row's place in the group. `command_points` are
    the addresses that may be commanded, None for all. `bind` is the local address to listen on, None for all. `tls` is
    None for connections without it. `line` is the row's place in the file.
    """

    group: int
    name: str
    port: int
    ca: int
    accept: HostFilter
    link: LinkParameters
    max: int = 1
    takeover: Takeover = Takeover.PROBE
    oa: int | None = None
    commands: bool = True
    command_points: Points | None = None
    clock: Clock = Clock.FORWARD
    bind: str | None = None
    tls: TlsParameters | None = None
    line: int = field(default=0, compare=False)

    @property
    def key(self) -> tuple[int, int]:
        """What identifies this row over a reload, whatever its name becomes."""
        return (self.group, self.port)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """One RTU and its masters, in file order; at least one of them.

    `event_buffer` is a number of ASDUs. `event_age` is seconds, 0 for no replay. `select_timeout` is seconds.
    Without `private_types` the types 128 to 255 pass in neither direction.
    """

    number: int
    rtu: RtuRow
    masters: tuple[MasterRow, ...]
    startdt: StartDt = StartDt.ALWAYS
    interrogation_data: InterrogationData = InterrogationData.ASKER
    event_buffer: int = 10_000
    event_age: float = 3600.0
    select_timeout: float = 30.0
    journal: JournalKind = JournalKind.OFF
    private_types: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(ProgramSettings):
    """A whole file: the settings of the program and the groups that can run, in file order."""

    groups: tuple[GroupRow, ...] = ()
