"""What to say of an RTU that cannot be reached, so that days of it do not push the cause out of the log."""

from iec104mm2ss.settings.endpoints import Endpoint

_REMINDER = 3600.0


class Complaints:
    """Each host's failure once, again when its reason changes, then a reminder an hour; `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._reasons: dict[Endpoint, str] = {}
        self._since: float | None = None
        self._remind_at = 0.0
        self._tries = 0

    def is_news(self, host: Endpoint) -> bool:
        """Whether nothing was said of this host since it was last connected."""
        return host not in self._reasons

    def failed(self, host: Endpoint, reason: str, now: float) -> str | None:
        """Return the line for an attempt that failed, None where it would say nothing new."""
        self._tries += 1
        self._begin(now)
        if self._reasons.get(host) != reason:
            self._reasons[host] = reason
            return f"no connection to {host}: {reason}"
        if now < self._remind_at:
            return None
        self._remind_at = now + _REMINDER
        return f"still no connection after {self._tries} tries; the last one to {host}: {reason}"

    def lost(self, now: float) -> None:
        """Note that a link which was there is gone."""
        self._begin(now)

    def _begin(self, now: float) -> None:
        if self._since is None:
            self._since = now
            self._remind_at = now + _REMINDER

    def connected(self, now: float) -> float | None:
        """Begin anew; return for how many seconds the RTU was missed, None if it was not."""
        missed = None if self._since is None else now - self._since
        self._reasons.clear()
        self._since = None
        self._tries = 0
        return missed
