"""Site files as text: what most tests change one row of."""

from pathlib import Path

from iec104mm2ss.settings import Loaded, MasterRow, RtuRow, parse

RTU = "111,RTU-ABB,,32,N,127.0.0.1:2404"
MASTER = "111,ABB-1,2406,32,Y,127.0.0.1"

# The sample of the seed's Appendix A: its settings and entries verbatim, its comments shortened.
SEED = """\
# ini file - iec104MM2SS.csv,,,,,
# ,,,,,
#nogui,,,,,
ntpserver,10.1.1.15,,,,
ntp_server,time.windows.com,,,,
ntp_server,pool.ntp.org,,,,
ntp_update_every_sec,900,,,,
#t2: IEC 104 time constant in seconds,,,,,
idletime,60,,,,
t2,10,,,,
t3,20,,,,
w,8,,,,
k,12,,,,
#,,,,,
# id,sys name,port no,rtu no,master,hosts
111,RTU-ABB,,32,N,127.0.0.1:2404;192.168.1.1:2405
111,ABB-1,2406,32,Y,192.168.1.16;127.0.0.0/24;10.1.1.0/24
111,OSI-1,2407,32,Y,192.168.1.16;127.0.0.0/24;10.1.1.0/24
555,Dreez,,105,N,127.0.0.1:2405;192.168.1.1:2405
555,ABB-2,2408,32,Y,192.168.1.16;127.0.0.0/24;10.1.1.0/24
555,OSI-2,2409,32,Y,192.168.1.16;127.0.0.0/24;10.1.1.0/24
!4,OSI-3,2410,32,Y,192.168.1.16;127.0.0.0/24;10.1.1.0/24
!6,OSI-4,2411,32,Y,192.168.1.16;127.0.0.0/24;10.1.1.0/24
7,OSI-5,2412,32,Y,192.168.1.16;127.0.0.0/24;10.1.1.0/24\x20\x20
"""


def read(*rows: str) -> Loaded:
    """The site of these rows."""
    return parse("\n".join(rows).encode(), Path("site.csv"))


def said(loaded: Loaded) -> list[str]:
    """The problems as `--check` prints them, without the file's name."""
    return [str(problem).removeprefix("site.csv:") for problem in loaded.problems]


def rtu(*options: str) -> RtuRow:
    """The RTU of a site whose RTU row has these options."""
    return read(",".join((RTU, *options)), MASTER).site.groups[0].rtu


def master(*options: str) -> MasterRow:
    """The master of a site whose master row has these options."""
    return read(RTU, ",".join((MASTER, *options))).site.groups[0].masters[0]
