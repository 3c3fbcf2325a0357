"""Connect to a controlled station."""

import asyncio

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.link.states import Role
from iec104mm2ss.transport.connection import Connection


async def connect(host: str, port: int, parameters: LinkParameters) -> Connection:
    """Return a TCP connection that has not begun. Raises OSError, TimeoutError after t0."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(parameters.t0):
        _, connection = await loop.create_connection(
            lambda: Connection(Role.CONTROLLING, parameters, lambda _: None), host, port
        )
    return connection
