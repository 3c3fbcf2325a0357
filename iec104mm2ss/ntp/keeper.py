"""Asks the time servers one by one and keeps this machine's clock by the first that can be believed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, NoReturn, Protocol

from iec104mm2ss.ntp.answer import ImplausibleError
from iec104mm2ss.ntp.clock import PRIVILEGE, SystemClock
from iec104mm2ss.ntp.complaints import Complaints
from iec104mm2ss.ntp.server import FAILURES, reason
from iec104mm2ss.ntp.status import ClockStatus, Comparison, iso, local

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence

    from iec104mm2ss.ntp.answer import Answer
    from iec104mm2ss.ntp.clock import Clock

FARTHEST_STEP = 1000.0
"""Seconds that `auto` sets a clock by, forward or back: what ntpd calls its panic threshold."""

# CP56Time2a counts milliseconds: nobody in IEC 104 can see less.
_SMALLEST_STEP = 0.001
_THIS_CLOCK = "this machine's clock"
_TOO_FAR = f"Time not updated: more than {FARTHEST_STEP:g} s away (set_clock=step allows it)"


class TooFarError(ImplausibleError):
    """A time that `auto` does not set: this clock or that server is badly wrong, and a person has to say which."""


class SetClock(Enum):
    """Whether to set the clock: by at most `FARTHEST_STEP`, not at all, or by whatever the servers say."""

    AUTO = "auto"
    NEVER = "never"
    STEP = "step"


class Server(Protocol):
    """Somebody to ask for the time, as `server.TimeServer`."""

    name: str

    async def ask(self) -> Answer:
        """Return the answer, or raise one of FAILURES."""


class TimeKeeper:
    """Keeps the clock while `run` runs; `status` may be read at any time, from any thread.

    `interval` is seconds from the end of one round to the next one, also when every server failed: the log and the
    window then say so until the next round, as users of this program know it.
    """

    def __init__(
        self,
        servers: Sequence[Server],
        *,
        interval: float,
        mode: SetClock,
        log: logging.Logger,
        clock: Clock | None = None,
    ) -> None:
        self.status = ClockStatus()
        self._servers = servers
        self._interval = interval
        self._mode = mode
        self._log = log
        self._clock = clock or SystemClock()
        self._complaints = Complaints()
        self._unprivileged = False

    async def run(self) -> NoReturn:
        """Ask at once and then at every interval, until cancelled."""
        while True:
            try:
                await self.check()
            except Exception:  # noqa: BLE001 - the boundary: the clock is nothing that the links depend on
                self._log.exception("internal error: the time servers are asked again in %g s", self._interval)
                self.status = replace(self.status, good=False, why="internal error")
            await asyncio.sleep(self._interval)

    async def check(self) -> None:
        """Ask the servers until one can be believed, and act on its answer."""
        failures: dict[str, Exception] = {}
        for server in self._servers:
            try:
                answer = await server.ask()
                self._refuse_far_one(answer)
            except FAILURES as failure:
                failures[server.name] = failure
                self._complain(_of(server.name), reason(failure))
            else:
                self._recovered(_of(server.name))
                self._act(server.name, answer)
                return
        self._all_failed(failures)

    def _refuse_far_one(self, answer: Answer) -> None:
        offset = answer.offset(self._clock.read())
        if self._mode is SetClock.AUTO and abs(offset) > FARTHEST_STEP:
            raise TooFarError(f"differs by {offset:+.0f} s: more than {FARTHEST_STEP:g} s need set_clock=step")

    def _all_failed(self, failures: dict[str, Exception]) -> None:
        why = "; ".join(f"{name}: {reason(failure)}" for name, failure in failures.items())
        far = any(isinstance(failure, TooFarError) for failure in failures.values())
        self.status = replace(self.status, text=_TOO_FAR if far else self.status.text, good=False, why=why)

    def _act(self, server: str, answer: Answer) -> None:
        now = self._clock.read()
        seen = Comparison(server, answer.offset(now), now.wall)
        # Half of the round trip is what the answer can be wrong by: setting by less would be following noise.
        margin = max(_SMALLEST_STEP, answer.delay / 2, self._clock.resolution)
        if abs(seen.offset) <= margin:
            self._note(seen, f"right within {margin * 1000:.0f} ms")
        elif self._mode is SetClock.NEVER:
            self._note(seen, f"{seen.offset:+.3f} s, not set")
        else:
            self._set(seen)

    def _note(self, seen: Comparison, result: str) -> None:
        text = f"Time compared at: {local(seen.when)} with {seen.server}: {result}"
        if not self.status.good and not self._unprivileged:
            self._log.info("%s", text)
        self.status = ClockStatus(text=text, good=True, compared=seen)

    def _set(self, seen: Comparison) -> None:
        try:
            self._clock.step(seen.offset)
        except PermissionError:
            self._lack_privilege(seen)
        except OSError as error:
            self._complain(_THIS_CLOCK, reason(error))
            self.status = ClockStatus(text=f"Time not updated: {reason(error)}", why=_off(seen), compared=seen)
        else:
            self._tell_step(seen)

    def _lack_privilege(self, seen: Comparison) -> None:
        text = f"No {PRIVILEGE} privilege, cannot update time."
        if not self._unprivileged:
            self._log.warning("%s Start the program with that privilege, or with set_clock=never.", text)
        self._unprivileged = True
        self.status = ClockStatus(text=text, why=_off(seen), compared=seen)

    def _tell_step(self, seen: Comparison) -> None:
        after = replace(seen, offset=0.0, when=seen.when + seen.offset)
        steps = (seen.offset, iso(seen.when), iso(after.when), seen.server)
        self._log.info("clock set by %+.3f s: from %s to %s, as %s says", *steps)
        self._unprivileged = False
        self._recovered(_THIS_CLOCK)
        text = f"Time updated at: {local(after.when)} from {after.server}"
        self.status = ClockStatus(text=text, good=True, compared=after)

    def _complain(self, who: str, why: str) -> None:
        line = self._complaints.failed(who, why, self._clock.read().monotonic)
        if line is not None:
            self._log.warning("%s", line)

    def _recovered(self, who: str) -> None:
        if self._complaints.over(who):
            self._log.info("%s: usable again", who)


def _of(server: str) -> str:
    return f"time server {server}"


def _off(seen: Comparison) -> str:
    return f"{seen.offset:+.3f} s by {seen.server}"
