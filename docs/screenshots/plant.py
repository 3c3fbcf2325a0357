"""A small utility on the loopback: its site file, its simulated RTUs with their signals, and who connects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SITE, RTUS, MEMORY = "site.csv", "iec104rs.csv", "window.json"
HOST = "opsrv1"

_SITE = """\
# The gateway of the control centres north and south.
#
# id,sys name,port no,rtu no,master,hosts,options
111,RTU-ABB,,32,N,{net}.9.4:12404;{net}.9.5:12404
111,ABB-1,11101,32,Y,{net}.1.16,bind={net}.0.1
111,OSI-1,11102,32,Y,{net}.1.21,bind={net}.0.1
111,Backup,11103,32,Y,{net}.5.0/28,commands=N,bind={net}.0.1
# Two control centres know this station by numbers of their own.
112,Liwa,,95,N,{net}.9.9:12405,t1=30,t2=20
112,ABB-1,11201,95,Y,{net}.1.16,bind={net}.0.1
112,OSI-1,11202,33,Y,{net}.1.21,bind={net}.0.1
113,North 220 kV,,101,N,{net}.9.17:12406
113,ABB-1,11301,101,Y,{net}.1.16,bind={net}.0.1
113,OSI-1,11302,101,Y,{net}.1.21,bind={net}.0.1
114,Dreez,,105,N,{net}.9.40:12407
114,ABB-2,11401,105,Y,{net}.1.17,bind={net}.0.1
114,OSI-2,11402,105,Y,{net}.1.22,bind={net}.0.1
"""
_RTUS = """\
# The RTUs of the acceptance test.
#
# id,sys name,rtu no,port no,hosts,k,idletime,io data file,options
1,RTU-ABB,32,12404,127.0.0.0/8,12,60,feeder.csv,bind={net}.9.4
2,Liwa,95,12405,127.0.0.0/8,12,60,feeder.csv,bind={net}.9.9
3,North 220 kV,101,12406,127.0.0.0/8,12,60,feeder.csv,bind={net}.9.17
4,Spare bay,178,12408,127.0.0.0/8,12,60,spare.csv,bind={net}.9.18
"""
_FEEDER = """\
#index,GI,typeid,IOA,Value,wait sec,rtu no,type id,ioa,value,T-out(s),Comment
100,N,46,2001,1001,0,,,,,,Q0 breaker
1,Y,31,1001,2,0.3,,,,,,Q0 breaker
1,Y,31,1002,2,0.2,,,,,,Q1 isolator
1,Y,31,1008,1,0.4,,,,,,Q8 earthing switch
1,Y,30,1011,0,0.5,,,,,,SF6 pressure low
1,Y,30,1012,1,0.3,,,,,,bay door open
1,Y,32,1021,9,0.6,,,,,,tap position
1,Y,36,1101,110.4,0.4,,,,,,voltage kV
1,Y,36,1102,239.7,0.2,,,,,,current A
1,Y,36,1103,45.8,0.3,,,,,,power MW
1,Y,35,1104,61,0.7,,,,,,oil temperature C
301,N,30,1301,1,0.4,,,,,,earth fault
301,N,30,1302,1,0.4,,,,,,overcurrent stage 1
301,N,31,1001,1,0.4,,,,,,Q0 breaker
301,N,30,1303,1,0.4,,,,,,auto-reclosing active
301,N,31,1001,2,0.4,,,,,,Q0 breaker
301,N,30,1303,0,0.4,,,,,,auto-reclosing active
301,N,30,1301,0,0.4,,,,,,earth fault
301,N,30,1302,0,0.4,,,,,,overcurrent stage 1
301,N,36,1102,241.2,0.4,,,,,,current A
301,N,36,1103,46.1,0.4,,,,,,power MW
"""
_SPARE = """\
#index,GI,typeid,IOA,Value,wait sec,rtu no,type id,ioa,value,T-out(s),Comment
1,Y,30,1,1,0,,,,,,door
1,Y,31,2,1,0,,,,,,Q0 breaker
1,Y,36,3,high,0,,,,,,voltage kV
1,Y,99,4,1,0,,,,,,current A
"""


@dataclass(frozen=True, slots=True)
class Link:
    """From which address a master comes, and the port and RTU number it goes to; `operates` is a command's IOA."""

    source: str
    port: int
    ca: int
    operates: int = 0


@dataclass(frozen=True, slots=True)
class Plant:
    """All of it has addresses that begin with `net`, two bytes of the loopback: `127.104`."""

    net: str

    @property
    def gateway(self) -> str:
        """The address where the gateway listens."""
        return f"{self.net}.0.1"

    @property
    def masters(self) -> tuple[Link, ...]:
        """The masters that come. Those of Dreez wait for their RTU, and OSI-1 of Liwa is not there."""
        abb, osi, backup = (f"{self.net}.{end}" for end in ("1.16", "1.21", "5.3"))
        return (
            Link(abb, 11101, 32, operates=2001),
            Link(osi, 11102, 32),
            Link(backup, 11103, 32),
            Link(abb, 11201, 95),
            Link(abb, 11301, 101, operates=2001),
            Link(osi, 11302, 101),
        )

    @property
    def strangers(self) -> tuple[Link, ...]:
        """Those whom no filter lets in: a new server of OSI, and a laptop."""
        return (Link(f"{self.net}.1.23", 11102, 32), Link(f"{self.net}.7.90", 11102, 32))

    def write(self, folder: Path) -> None:
        """Write the files of both programs."""
        (folder / "data").mkdir()
        for name, text in ((SITE, _SITE), (RTUS, _RTUS), ("data/feeder.csv", _FEEDER), ("data/spare.csv", _SPARE)):
            (folder / name).write_text(text.replace("{net}", self.net), encoding="utf-8")
