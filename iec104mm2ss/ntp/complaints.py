"""What to say of a time server that fails, so that a night of it does not push everything else out of the log."""

_REMINDER = 3600.0


class Complaints:
    """Each one's trouble once, again when its reason changes, then a reminder an hour; `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[str, float]] = {}

    def failed(self, who: str, why: str, now: float) -> str | None:
        """Return the line for a failure, None where it would say nothing new."""
        said, moment = self._said.get(who, ("", 0.0))
        if said == why and now < moment + _REMINDER:
            return None
        self._said[who] = why, now
        return f"{who}: still {why}" if said == why else f"{who}: {why}"

    def over(self, who: str) -> bool:
        """Forget its failures; return whether there were any."""
        return self._said.pop(who, None) is not None
