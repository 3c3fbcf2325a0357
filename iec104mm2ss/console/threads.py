"""Work on files, off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


async def in_thread(work: Callable[..., Result], *arguments: object) -> Result:
    """Return what `work` returns, or raise what it raises, from a daemon thread of its own.

    Unlike asyncio's pool, a disk that does not answer holds neither others' work nor the end of the program.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Result] = loop.create_future()

    def settle(error: BaseException | None, result: Result | None) -> None:
        if outcome.done():
            return  # who waited was cancelled
        if error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(result)  # type: ignore[arg-type] # None where Result is None

    def run() -> None:
        error, result = None, None
        try:
            result = work(*arguments)
        except Exception as raised:  # noqa: BLE001 - the boundary: it is raised where the work is awaited
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed: the program has ended
            loop.call_soon_threadsafe(settle, error, result)

    threading.Thread(target=run, name="files", daemon=True).start()
    return await outcome
