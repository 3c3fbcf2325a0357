"""The picture of a run: rates by the number of masters, and latencies, each on a logarithmic scale."""

import math
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from xml.sax.saxutils import escape

from benchmarks.parts import EVERYBODY, TRAFFIC, WINDOWS, Part, thousands
from benchmarks.subjects import SUBJECTS

Form = Callable[[float], str]

WIDTH, HEIGHT = 300, 220
MARGIN = 68
COLOURS = {"ours": "#0b6e99", "hat": "#b35900", "relay": "#777777"}
STYLE = (
    "text{font:11px sans-serif;fill:#333}.title{font-weight:bold}.axis{stroke:#ccc}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.axis{stroke:#555}}"
)


class Scale:
    """Maps values of several decades to the height of a panel."""

    def __init__(self, values: Sequence[float]) -> None:
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)

    def y(self, value: float) -> float:
        """Return where a value lies."""
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return HEIGHT * (1 - share)

    def axis(self) -> Iterator[str]:
        """One line and label for each power of ten."""
        for power in range(self.low, self.high + 1):
            value = 10.0**power
            label = thousands(value) if power >= 0 else f"{value:g}"
            y = self.y(value)
            yield f'<line class="axis" x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text x="-4" y="{y + 4:.1f}" text-anchor="end">{label}</text>'


def draw(parts: Sequence[Part]) -> str:
    """Return the picture as SVG; panels without figures are left out."""
    panels = [panel for panel in (*_rates(parts), _latencies(parts)) if panel]
    columns = 2
    rows = math.ceil(len(panels) / columns)
    width, height = columns * (WIDTH + 2 * MARGIN), rows * (HEIGHT + 2 * MARGIN) + 24
    placed = [
        f'<g transform="translate({MARGIN + place % columns * (WIDTH + 2 * MARGIN)},'
        f'{MARGIN + place // columns * (HEIGHT + 2 * MARGIN)})">{panel}</g>'
        for place, panel in enumerate(panels)
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
    return "\n".join([head, f"<style>{STYLE}</style>", *placed, *_legend(height - 8), "</svg>", ""])


def _legend(y: float) -> Iterator[str]:
    for place, name in enumerate(EVERYBODY):
        x = MARGIN + 150 * place
        yield f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{COLOURS[name]}"/>'
        yield f'<text x="{x + 14}" y="{y}">{SUBJECTS[name].name}</text>'


def _rates(parts: Sequence[Part]) -> Iterator[str]:
    for k, w in WINDOWS:
        for traffic in TRAFFIC:
            title = f"k={k} w={w}, {traffic}"
            chosen = [part for part in parts if part.name == "fan-out" and part.title.endswith(title)]
            yield _bars(
                f"APDU/s from the RTU by masters, {title}",
                [(str(part.case.masters), _medians(part, "rate")) for part in chosen],
            )


def _latencies(parts: Sequence[Part]) -> str:
    names = {"latency": "steady", "command": "command", "groups": "groups"}
    chosen = [part for part in parts if part.name in names and part.case.groups in (1, 200)]
    bars = [(f"{names[part.name]} {key}", _medians(part, key)) for part in chosen for key in ("p50", "p99")]
    return _bars("latency in ms: 200 APDU/s, a command under load, 200 groups", bars)


def _medians(part: Part, key: str) -> dict[str, float]:
    by_subject = {name: part.values(name, key) for name in EVERYBODY}
    return {name: median(values) for name, values in by_subject.items() if values and median(values) > 0}


def _bars(title: str, groups: Sequence[tuple[str, dict[str, float]]]) -> str:
    values = [value for _, by_subject in groups for value in by_subject.values()]
    if not values:
        return ""
    scale = Scale(values)
    step = WIDTH / len(groups)
    bar = step / (len(EVERYBODY) + 1)
    drawn = [f'<text class="title" x="0" y="-14">{escape(title)}</text>', *scale.axis()]
    for place, (label, by_subject) in enumerate(groups):
        for line, word in enumerate(label.split()):
            at = f'x="{(place + 0.5) * step:.1f}" y="{HEIGHT + 15 + 13 * line}"'
            drawn.append(f'<text {at} text-anchor="middle">{word}</text>')
        for number, name in enumerate(EVERYBODY):
            if name in by_subject:
                x, y = place * step + (number + 0.5) * bar, scale.y(by_subject[name])
                drawn.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{0.9 * bar:.1f}" height="{HEIGHT - y:.1f}" '
                    f'fill="{COLOURS[name]}"><title>{SUBJECTS[name].name}: {by_subject[name]:.4g}</title></rect>'
                )
    return "".join(drawn)
