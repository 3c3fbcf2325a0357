"""All groups of a site: started a little apart, stopped together."""

import asyncio
import logging
from random import uniform

from iec104mm2ss.gateway.group import Group
from iec104mm2ss.logs import ConnectionLogs
from iec104mm2ss.settings.site import Site

_STARTS_PER_SECOND = 100


class Gateway:
    """Runs the groups of `site` until cancelled."""

    def __init__(self, site: Site, logs: ConnectionLogs, log: logging.Logger) -> None:
        self.groups = [Group(row, logs) for row in site.groups]
        self._log = log

    async def run(self) -> None:
        """Serve every group; on cancellation close everything and return within a second or so."""
        self._log.info("%d groups with %d masters", len(self.groups), sum(len(group.ports) for group in self.groups))
        spread = len(self.groups) / _STARTS_PER_SECOND
        try:
            async with asyncio.TaskGroup() as tasks:
                for group in self.groups:
                    tasks.create_task(_run_later(group, spread), name=f"group {group.row.number}")
        finally:
            for group in self.groups:
                await group.wait_closed()


async def _run_later(group: Group, spread: float) -> None:
    # A second daemon's worth of RTUs must not be knocked on in the same millisecond.
    await asyncio.sleep(uniform(0, spread))  # noqa: S311 - no secret
    await group.run()
