"""Files of the RTU simulator as text, and what the tests read out of them."""

from pathlib import Path

from iec104mm2ss.settings.problems import Problem
from iec104mm2ss.settings.rtus import LoadedRtus, parse_rtus
from iec104mm2ss.settings.signals import LoadedSignals, SignalRow, parse_signals
from iec104mm2ss.settings.simulation import RtuEntry

RTU = "1,ABB,32,2404,127.0.0.1,12,60,iodata1.csv"
SIGNAL = "301,Y,31,307,1,0,,,,,,H-TH01Q0"

# The sample of the seed's appendix A: cells that the page cuts off are completed, its comments shortened.
SEED_RTUS = """\
# ini file - iec104rs.csv
# If first character of first column in any row is! Then program will cancel the rest of the rows.
#
ntp_server,10.1.1.15
ntp_server,time.windows.com
ntp_server,pool.ntp.org
ntp_update_every_sec,900
#
# id,sys name,rtu no,port no,hosts,k,idletime,iodata.csv
1,ABB,32,2404,192.168.1.16;127.0.0.0/24;10.1.1.0/24,12,60,iodata1.csv
2,ABB,32,2405,192.168.1.16;127.0.0.0/24;10.1.1.0/24,12,60,iodata1.csv
3,OSI,105,2406,192.168.1.16;127.0.0.0/24;10.1.1.0/24,12,60,iodata2.csv
4,OSI,105,2407,192.168.1.16;127.0.0.0/24;10.1.1.0/24,12,60,iodata2.csv
5, Siemens, 178, 2408, 192.168.1.16; 127.0.0.0/24; 10.1.1.0/24, 12, 60, iodata1.csv
"""

# The sample of the seed's appendix B: its rows, with all that the page adds and leaves out; a few comments shortened.
SEED_SIGNALS = (
    """\
"#"" IOA data file in comma separated values (.csv). Should be in folder """
    "data"
    """ under main folder"",,,,,,

```
# If first character of first column in any row is! Then GI will cancel rest of the rows.,,,,,,,,,,,,,,,,,,,,,
#,"SPI (1,30)",OFF = 0,ON = 1,,,,,,,
\\#,"DPI(3,31)",OFF = 01,ON = 02,XX = 00/11,,,,,,
#,"NVA(9,34)","Example, if you want to send 11Kv then value=(11000/max. value) = (11000/13200) =
0.83",,,,,,,,
#send index entry from rtu if filter conditions received by connected master before timeout=T-out in
ms.,,,,,,,,,
#,,,,,,filter ----- conditions,,,,,
#,,,,,if,and if,and if,filter,,
#index,GI,typeid,IOA,Value,wait sec,rtu no,type id,ioa,value,T-out(ms),Comment,
#-----,,SCO command -----,,,,,,,,,,,,
#-----,,DCO command + status -----,,,,,,,,,,,
100000,N,46,21001,301,0,,,,,dummy (DCO),dummy (DCO)
100001,N,31,301,1,0,,,,,dummy (dpi),dummy (dpi)
100002,N,46,21035,343,0,,,,,KLN01-Q0 (DCO),KLN01-Q0 (DCO)
100003,N,47,21007,15001,0,,,,,TX-(RCO),TX-(RCO)
100004,N,46,21039,355,0,,,,,,KLN03-Q0 (DCO),KLN03-Q0 (DCO)
100005, N, 46, 21041, 361, 0, , , , , KLN05-Q0 (DCO), KLN05-Q0 (DCO)
```

```
100006,N,46,21043,367,0,,,,,KLN07-Q0 (DCO),KLN07-Q0 (DCO)
100007, N, 46, 21017, 307, 0, , , , , TH01-Q0 (DCO), TH01-Q0 (DCO)
100008,N,46,21045,377,0,,,,,TL01-Q1 (DCO),TL01-Q1 (DCO)
#-----,,SCO command with time tag -----,,,,,,,,,,,
#, , , , ,,,,,,, ,
#-----,,,DPI -----,,,,,,,,,,
301,Y,31,301,1,0,,,,,,DUMP,DUMP
301,Y,31,303,1,0,,,,,spare,spare
301,Y,31,305,1,0,,,,,H-TH01BAY CTRL,H-TH01BAY CTRL
301,Y,31,307,1,0,,,,,H-TH01Q0,H-TH01Q0
301,Y,31,309,1,0,,,,,H-TH01Q1,H-TH01Q1
301,Y,31,311,1,0,,,,,H-TH01Q4,H-TH01Q4
301,Y,31,313,1,0,,,,,H-LN01BAY CTRL,H-LN01BAY CTRL
#!End GI,N,31,314,1,0,,,,,,
301,Y,31,315,1,0,,,,,H-LN01Q0,H-LN01Q0
317,Y,31,317,2,0,,46,21001,2,5000,H-LN01Q1,H-LN01Q1
317,Y,31,319,2,0,,,,,H-LN01Q3,H-LN01Q3
321,Y,31,321,2,0,,,,,K-C2 CAP CTRL,K-C2 CAP CTRL
323,Y,31,323,2,0,,,,,K-C2 CAP MODE,K-C2 CAP MODE
#-----,,,,,,,,,
445,Y,30,445,0,0,,,,,110V DC FAULT,110V DC FAULT
446,Y,30,446,0,0,,,,,30V DC FAULT,30V DC FAULT
447,Y,30,447,0,0,,,,,48V DC BAT CIRC FAULT,48V DC BAT CIRC FAULT
#-----,,Normalized meas. + CP56Time2a -----,,,,,,,,,,,
64,N,34,11002,-0.4,0,,,,,W,W
65,N,34,11002,0.6,0,,,,,W,W
66,N,34,11003,0.5,0,,,,,VAR,VAR
```
#,,Short floating point measurements\t
88,N,13,11002,-10.456,0,,,,,,W,W\t
89,Y,13,11002,5.435,0,,,,,W,W\t
"""
)


def folder(path: Path) -> Path:
    """A folder with the data files that the rows above name; the RTUs' file may lie in it."""
    data = path / "data"
    data.mkdir(exist_ok=True)
    for name in ("iodata1.csv", "iodata2.csv"):
        (data / name).touch()
    return path


def read_rtus(path: Path, *rows: str) -> LoadedRtus:
    """The RTUs of these rows, whose data files lie below `path`."""
    return parse_rtus("\n".join(rows).encode(), folder(path) / "rs.csv")


def entry(path: Path, *options: str) -> RtuEntry:
    """The RTU with these options, about which there is nothing to complain."""
    loaded = read_rtus(path, ",".join((RTU, *options)))
    assert loaded.problems == ()
    return loaded.simulation.rtus[0]


def read_signals(*rows: str) -> LoadedSignals:
    """The signals of these rows."""
    return parse_signals("\n".join(rows).encode(), Path("io.csv"))


def signal(row: str) -> SignalRow:
    """The signal of a row about which there is nothing to complain."""
    loaded = read_signals(row)
    assert loaded.problems == ()
    return loaded.rows[0]


def told(problems: tuple[Problem, ...]) -> list[str]:
    """The problems as `--check` prints them, without the file's name."""
    return [str(problem).removeprefix(f"{problem.file}:") for problem in problems]
