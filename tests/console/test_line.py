import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from iec104mm2ss.console.line import LocalLine
from iec104mm2ss.console.requests import Answer, Denied, Done, Frame, Item, Request, Restart, Show, Status, Trace
from iec104mm2ss.console.snapshot import Details, Snapshot
from tests.console.served import PATIENCE, Served
from tests.program import eventually


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as served:
        yield served


@pytest.fixture
def line(served: Served) -> Iterator[LocalLine]:
    line = LocalLine(served.loop, served.desk)
    yield line
    line.close()


def test_a_request_is_answered_in_the_loop_while_the_asker_goes_on(line: LocalLine) -> None:
    asked = [line.ask(Status()), line.ask(Show("111")), line.ask(Show("999")), line.ask(Restart("111"))]
    answers = [answer.result(PATIENCE) for answer in asked]
    assert [type(answer) for answer in answers] == [Snapshot, Details, Denied, Done]
    assert (line.where, line.may_change) == ("", True)


def test_frames_come_in_the_loops_thread_until_the_end(served: Served, line: LocalLine) -> None:
    items: list[tuple[Item, str]] = []
    end = line.follow(Trace("111/S"), lambda item: items.append((item, threading.current_thread().name)))
    eventually(lambda: bool(served.plant.sinks.get("111/S")), "the tap")
    served.run(lambda: served.plant.say("111/S"))
    end()
    end()
    eventually(lambda: not served.plant.sinks["111/S"], "the end of the tap")
    served.run(lambda: served.plant.say("111/S"))
    [(item, thread)] = items
    assert isinstance(item, Frame)
    assert thread != threading.current_thread().name


def test_what_cannot_be_followed_is_said(line: LocalLine) -> None:
    items: list[Item] = []
    line.follow(Trace("999"), items.append)()
    eventually(lambda: bool(items), "the refusal")
    assert isinstance(items[0], Denied)


def test_closing_ends_what_is_followed(served: Served) -> None:
    line = LocalLine(served.loop, served.desk)
    line.follow(Trace("111"), lambda item: None)
    eventually(lambda: bool(served.plant.sinks.get("111/2407")), "the taps")
    line.close()
    eventually(lambda: not any(served.plant.sinks.values()), "the end of the taps")


class _Silent:
    """A desk that never answers."""

    async def answer(self, request: Request, who: str) -> Answer:
        return await asyncio.Future()

    def follow(self, request: object, sink: object) -> None:
        raise AssertionError


def test_what_waits_fails_when_the_line_is_closed(served: Served) -> None:
    line = LocalLine(served.loop, _Silent())  # type: ignore[arg-type] # follows nothing
    answer = line.ask(Status())
    line.close()
    with pytest.raises(ConnectionError, match="the program has ended"):
        answer.result(PATIENCE)


def test_what_runs_when_the_loop_ends_fails() -> None:
    async def run() -> None:
        line = LocalLine(asyncio.get_running_loop(), _Silent())  # type: ignore[arg-type] # follows nothing
        lines.append(line)
        answers.append(line.ask(Status()))
        await asyncio.sleep(0)

    lines: list[LocalLine] = []
    answers: list[object] = []
    asyncio.run(run())
    [line], [answer] = lines, answers
    assert isinstance(answer.exception(PATIENCE), ConnectionError)  # type: ignore[attr-defined]
    assert isinstance(line.ask(Status()).exception(PATIENCE), ConnectionError)
    items: list[Item] = []
    line.follow(Trace("111"), items.append)()
    assert items == [Denied("the program has ended")]
    line.close()
