"""What the files of both programs say about the program itself."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Self


class SetClock(Enum):
    """Whether NTP sets this machine's clock: when a server is given, never, or always by a step."""

    AUTO = "auto"
    NEVER = "never"
    STEP = "step"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramSettings:
    """Settings of a file that are not about connections.

    `ntp_interval` is seconds. `log_size` is octets of one log file, `log_files` how many older ones are kept.
    """

    path: Path
    nogui: bool = False
    ntp_servers: tuple[str, ...] = ()
    ntp_interval: int = 900
    set_clock: SetClock = SetClock.AUTO
    log_size: int = 1_000_000
    log_files: int = 5

    def overridden(self, *, nogui: bool, ntp_servers: Sequence[str], ntp_interval: int | None) -> Self:
        """The same with the command line's values, which beat the file's.

        `ntp_servers` are used instead of the file's, `ntp_interval` instead of its `ntp_update_every_sec`; `nogui`
        holds when either has it.
        """
        return dataclasses.replace(
            self,
            nogui=nogui or self.nogui,
            ntp_servers=tuple(ntp_servers) or self.ntp_servers,
            ntp_interval=self.ntp_interval if ntp_interval is None else ntp_interval,
        )
