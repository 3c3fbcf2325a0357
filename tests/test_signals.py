import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from iec104mm2ss.process import on_console_event, on_signals
from tests.transport.recorder import until

if sys.platform == "win32":
    pytest.skip("os.kill ends a process of Windows", allow_module_level=True)

CTRL_C, CTRL_BREAK, CLOSE, LOGOFF, SHUTDOWN = 0, 1, 2, 5, 6
DEAF = """
import signal, sys, time
from iec104mm2ss.process import on_stop_signals
on_stop_signals(lambda name: print(name, flush=True))
print("ready", flush=True)
while True:
    time.sleep(0.05)
"""


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_signals_reach_the_loop_and_those_of_one_stop_are_one() -> None:
    async def scenario() -> list[str]:
        heard: list[str] = []
        on_signals(asyncio.get_running_loop(), heard.append, heard.append)
        handler = signal.getsignal(signal.SIGTERM)
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
        await until(lambda: len(heard) >= 2)
        await asyncio.sleep(0.05)
        assert signal.getsignal(signal.SIGTERM) is handler, "one that takes itself away while it runs crashes compiled"
        return heard

    assert asyncio.run(scenario()) == ["SIGHUP", "SIGTERM"]


def test_a_signal_after_the_end_of_the_loop_does_no_harm() -> None:
    async def scenario() -> None:
        on_signals(asyncio.get_running_loop(), print, print)

    asyncio.run(scenario())
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_second_one_ends_a_process_that_does_not_stop() -> None:
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.terminate()
            assert process.stdout.readline() == "SIGTERM\n"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1.1)
            process.terminate()
            assert process.wait(20) == -signal.SIGTERM
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("event", "why", "is_done"),
    [
        (CTRL_C, [], False),
        (CTRL_BREAK, [], False),
        (CLOSE, ["the console is closed"], True),
        (LOGOFF, [], True),
        (SHUTDOWN, ["Windows shuts down"], True),
    ],
)
def test_a_console_of_windows(event: int, why: list[str], is_done: bool) -> None:  # noqa: FBT001 - a parameter
    heard: list[object] = []
    assert on_console_event(event, heard.append, heard.append) is is_done
    assert heard == [*why, *([5.0] if why else [])], "it waits for as long as Windows gives a process"
