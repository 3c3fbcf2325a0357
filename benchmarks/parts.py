"""What is measured: the parts of the benchmark, who does each of them, and what is shown of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks import scripts
from benchmarks.load import Case, Figures

OURS, HAT, RELAY = "ours", "hat", "relay"
EVERYBODY = (OURS, HAT, RELAY)
GATEWAYS = (OURS, HAT)
MASTERS = (1, 2, 5, 10)
WINDOWS = ((12, 8), (4096, 2730))
TRAFFIC = {"uniform": scripts.uniform, "mixed": scripts.mixed}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: its label, the figure it shows, and how; with `compared` also as a ratio."""

    label: str
    key: str
    form: Callable[[float], str]
    compared: bool = True


@dataclass(slots=True)
class Part:
    """A case, who does it how often, and the lines that it gives; `rounds` fills up with the figures by subject."""

    name: str
    title: str
    case: Case
    subjects: Sequence[str]
    rows: Sequence[Row]
    repeat: int
    rounds: list[dict[str, Figures]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def values(self, subject: str, key: str) -> list[float]:
        """One figure of one subject in every round that has it."""
        return [figures[subject][key] for figures in self.rounds if subject in figures]

    def ratios(self, other: str, key: str) -> list[float]:
        """Ours over the other's, round by round."""
        pairs = [(it[OURS][key], it[other][key]) for it in self.rounds if {OURS, other} <= set(it)]
        return [ours / theirs for ours, theirs in pairs if theirs]


def thousands(value: float) -> str:
    """Return a large number with its thousands apart."""
    return f"{value:,.0f}".replace(",", " ")


_RATE = Row("APDU/s from the RTU", "rate", thousands)
_COST = Row("CPU for each of them, \u00b5s", "cost", "{:.1f}".format)
_CPU = Row("CPU, % of a core", "cpu", "{:.0f}".format)
_IN_MS = "{:.2f}".format
_TIMES = tuple(Row(f"{key}, ms", key, _IN_MS) for key in ("p50", "p99", "max"))


def all_parts(rounds: int, seconds: float, idle: float) -> list[Part]:
    """Return everything: `rounds` runs of `seconds` of load, and `idle` seconds of watching 200 groups do nothing."""
    return [
        *(
            _fan_out(masters, window, traffic, rounds, seconds)
            for window in WINDOWS
            for traffic in TRAFFIC
            for masters in MASTERS
        ),
        _latency(rounds, 2 * seconds),
        _command(rounds, 3 * seconds),
        _interrogation(rounds, 2 * seconds),
        _groups(20, 1, 2 * seconds, idle / 4),
        _groups(200, 1, 3 * seconds, idle),
        _stalled(5 * seconds),
    ]


def _fan_out(masters: int, window: tuple[int, int], traffic: str, rounds: int, seconds: float) -> Part:
    k, w = window
    case = Case(mode="flood", masters=masters, seconds=seconds, k=k, w=w, script=TRAFFIC[traffic])
    return Part("fan-out", f"fan-out to {masters}, k={k} w={w}, {traffic}", case, EVERYBODY, (_RATE, _COST), rounds)


def _latency(rounds: int, seconds: float) -> Part:
    case = Case(mode="paced", masters=5, seconds=seconds, rate=200.0)
    return Part("latency", "200 APDU/s to 5 masters, latency", case, EVERYBODY, _TIMES, rounds)


def _command(rounds: int, seconds: float) -> Part:
    case = Case(
        mode="command",
        masters=2,
        seconds=seconds,
        rate=50.0,
        script=scripts.interrogated,
        first=scripts.commanded,
    )
    # Everybody behind the relay gets everything, so that nobody could tell what is his.
    title = "50 commands/s while another master interrogates, time to the confirmation"
    return Part("command", title, case, GATEWAYS, _TIMES, rounds)


def _interrogation(rounds: int, seconds: float) -> Part:
    case = Case(mode="interrogate", masters=5, seconds=seconds, script=scripts.interrogated)
    title = f"5 interrogations of {scripts.POINTS} points at one instant, until all have all"
    rows = (Row("p50, ms", "p50", "{:.0f}".format), Row("max, ms", "max", "{:.0f}".format))
    return Part("interrogation", title, case, EVERYBODY, rows, rounds)


def _groups(groups: int, rounds: int, seconds: float, idle: float) -> Part:
    case = Case(mode="paced", masters=5, seconds=seconds, groups=groups, rate=20.0, idle=idle)
    rows = (
        Row("all masters started, s", "ready", "{:.2f}".format, compared=False),
        Row("memory, MB", "rss", "{:.0f}".format, compared=False),
        Row("idle CPU, % of a core", "idle", "{:.1f}".format, compared=False),
        _CPU,
        *_TIMES,
    )
    return Part("groups", f"{groups} groups of 5 masters, then 20 APDU/s from each RTU", case, EVERYBODY, rows, rounds)


def _stalled(seconds: float) -> Part:
    case = Case(mode="stalled", masters=5, seconds=seconds)
    rows = (
        _RATE,
        Row(f"seconds of {seconds:.0f} in which another one got nothing", "starved", "{:.0f}".format, compared=False),
        Row("most memory, MB", "peak", "{:.0f}".format, compared=False),
    )
    # The relay keeps nothing: it would stop with the one that stops.
    return Part("stalled", "fan-out to 5, one of which stops reading after a second", case, GATEWAYS, rows, 1)
