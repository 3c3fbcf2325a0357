"""What hampers a link though it is up: constants of the two ends that do not fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.table import many

if TYPE_CHECKING:
    from iec104mm2ss.link.link import Link

_FULL_FOR: Final = 5.0
_SHOWN_FOR: Final = 60.0
_SAME_STOPS: Final = 3
_RESUMES_WITHIN: Final = 0.5


class FullWindow:
    """Notices that a peer lets all our k I-frames wait for over 5 s; to be asked about once a second."""

    def __init__(self) -> None:
        self._acknowledged = -1
        self._since = math.inf
        self._seen = -math.inf

    def look(self, link: Link, now: float) -> str:
        """Return what to say of it where it is seen for the first time, else nothing."""
        if link.outstanding < link.parameters.k:
            self._acknowledged, self._since = -1, math.inf
        elif link.acknowledged != self._acknowledged:
            self._acknowledged, self._since = link.acknowledged, now
        elif now - self._since > _FULL_FOR:
            first, self._seen = self._seen == -math.inf, now
            return self._text(link) if first else ""
        return ""

    def hampers(self, link: Link, now: float) -> str:
        """Return what to say of it if it was so within the last minute."""
        return self._text(link) if now - self._seen < _SHOWN_FOR else ""

    @staticmethod
    def _text(link: Link) -> str:
        return f"acknowledges late: its w may exceed our k ({link.parameters.k})"


class ShortWindow:
    """Notices an RTU that stops after the same n < w I-frames again and again, until our t2 makes us acknowledge.

    One that merely has nothing to send does not go on in the very moment of our acknowledgement.
    """

    def __init__(self) -> None:
        self._opened = math.inf
        self._received = 0
        self._open = 0
        self._stops = 0
        self._stopped_at = 0
        self._text = ""

    def received(self, link: Link, now: float) -> str:
        """Note a batch that the link has taken; return what to say of it where it is seen for the first time."""
        text = self._judge(link, now) if self._open else ""
        open_now = link.received - link.confirmed
        if open_now and (link.confirmed >= self._received or not self._open):
            self._opened = now
        self._received, self._open = link.received, open_now
        return text

    @property
    def hampers(self) -> str:
        """What to say of it, once it was seen."""
        return self._text

    def _judge(self, link: Link, now: float) -> str:
        if link.confirmed < self._received:
            return ""  # more of the same run: nothing was acknowledged meanwhile
        waited = now - self._opened - link.parameters.t2
        same = link.confirmed == self._received and 0 <= waited < _RESUMES_WITHIN and self._open < link.parameters.w
        self._stops = self._stops + 1 if same and self._open == self._stopped_at else int(same)
        self._stopped_at = self._open if same else 0
        if self._stops < _SAME_STOPS or self._text:
            return ""
        self._text = f"stops after {many(self._open, 'frame')}: its k may be below our w; set w={self._open}"
        return self._text
