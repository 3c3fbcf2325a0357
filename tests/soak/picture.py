"""Curves over time, one below the other, as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WIDTH: Final = 900
_HEIGHT: Final = 130
_LEFT: Final = 70
_GAP: Final = 46
_STYLE: Final = (
    "text{font:12px sans-serif;fill:#333}.t{font-weight:bold}line{stroke:#ddd}"
    "polyline{fill:none;stroke:#1f5f99;stroke-width:1.5}"
)


@dataclass(frozen=True, slots=True)
class Curve:
    """What is shown, in which unit, and its values."""

    title: str
    unit: str
    values: Sequence[float]


def svg(title: str, hours: Sequence[float], curves: Sequence[Curve]) -> str:
    """Draw curves over the same times, in hours; every curve begins at 0."""
    height = 40 + len(curves) * (_HEIGHT + _GAP)
    parts = [f'<text class="t" x="{_LEFT}" y="20">{escape(title)}</text>']
    for number, curve in enumerate(curves):
        parts += _panel(curve, hours, 52 + number * (_HEIGHT + _GAP))
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{_STYLE}</style>'
        f'<rect width="100%" height="100%" fill="#fff"/>{body}</svg>\n'
    )


def _panel(curve: Curve, hours: Sequence[float], top: int) -> Iterator[str]:
    most, longest = max(curve.values) or 1.0, max(hours) or 1.0
    across = (_WIDTH - _LEFT - 20) / longest
    yield f'<text x="{_LEFT}" y="{top - 6}">{escape(curve.title)} ({escape(curve.unit)})</text>'
    for share in (0.0, 0.5, 1.0):
        y = top + _HEIGHT * (1 - share)
        yield f'<line x1="{_LEFT}" y1="{y:.0f}" x2="{_WIDTH - 20}" y2="{y:.0f}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.0f}" text-anchor="end">{most * share:.4g}</text>'
    points = (
        f"{_LEFT + at * across:.1f},{top + _HEIGHT * (1 - value / most):.1f}"
        for at, value in zip(hours, curve.values, strict=True)
    )
    yield f'<polyline points="{" ".join(points)}"/>'
    yield f'<text x="{_WIDTH - 20}" y="{top + _HEIGHT + 16}" text-anchor="end">{longest * 60:.3g} min</text>'
