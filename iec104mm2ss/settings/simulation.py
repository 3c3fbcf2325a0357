"""The data of the RTU simulator's file: what it runs, frozen and compared by value."""

from dataclasses import dataclass, field
from pathlib import Path

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.filters import HostFilter
from iec104mm2ss.settings.program import ProgramSettings
from iec104mm2ss.tls.parameters import TlsParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaviour:
    """What an RTU does wrong on purpose; the defaults are those of a good one.

    `mirror_oa` is False for an RTU that answers with originator address 0. `ack_delay` are seconds by which the
    confirmations and what follows are held back, `answer_delay` seconds before every answer; the two add up.
    `no_actterm` leaves out every ACTTERM. `refuse_second_gi` answers an interrogation negatively while another one
    runs. The connection is dropped after `drop_frames` I-frames sent on it (1 or more) or `drop_seconds` after it
    came (above 0); None: never.
    """

    mirror_oa: bool = True
    ack_delay: float = 0.0
    answer_delay: float = 0.0
    no_actterm: bool = False
    refuse_second_gi: bool = False
    drop_frames: int | None = None
    drop_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RtuEntry:
    """One simulated RTU: a listening port with its filter, its constants and its file of signals.

    `id` need not be unique. `name` has 1 to 16 characters. `ca` is the RTU number, its common address, 1..65535; RTUs
    with the same one are redundant ports. `port` is 1..65535 and no other RTU's. `link.t3` is infinite unless the row
    says otherwise: the simulator sends no TESTFR act, so that the master's test period can be measured. `data` existed
    when the file was read. `bind` is the local address to listen on, None for all. `tls` is None for connections
    without it. `line` is the row's place in the file.
    """

    id: int
    name: str
    ca: int
    port: int
    accept: HostFilter
    link: LinkParameters
    data: Path
    bind: str | None = None
    tls: TlsParameters | None = None
    misbehaviour: Misbehaviour = Misbehaviour()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation(ProgramSettings):
    """A whole file: the settings of the program and the RTUs that can run, in file order."""

    rtus: tuple[RtuEntry, ...] = ()
