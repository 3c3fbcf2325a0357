"""Typed lines over a pipe, in a thread as in the program."""

from __future__ import annotations

import io
import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.simulator import typed
from tests.simulator.running import LoopThread

if TYPE_CHECKING:
    from collections.abc import Iterator


class Input(io.StringIO):
    """A standard input that is one end of a pipe."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor


@contextmanager
def typing(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, LoopThread]]:
    """Answer lines from a pipe, upper case; give the end to type into and the loop, whose thread ends after that."""
    theirs, ours = os.pipe()
    monkeypatch.setattr(sys, "stdin", Input(theirs))
    thread = LoopThread()
    try:
        typed.answer_lines(thread.loop, _answer)
        yield ours, thread
    finally:
        os.close(ours)
        _join()
        os.close(theirs)
        if not thread.loop.is_closed():
            thread.end()


def _answer(line: str) -> list[str]:
    return [str(1 // len(line)), line.upper()]


def _join() -> None:
    for thread in threading.enumerate():
        if thread.name == "typed lines":
            thread.join(5)
            assert not thread.is_alive()


def test_lines_are_answered_in_order_however_they_come(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with typing(monkeypatch) as (ours, _):
        for piece in (b"a", b"\nbc\nd", b"\xc3", b"\xa9\n", b"last"):
            os.write(ours, piece)
    assert capsys.readouterr().out.splitlines() == ["1", "A", "0", "BC", "0", "D\u00c9", "0", "LAST"]


def test_a_bug_costs_one_answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with typing(monkeypatch) as (ours, _):
        os.write(ours, b"\na\n")
    bug, *others = capsys.readouterr().out.splitlines()
    assert bug.startswith("internal error: ZeroDivisionError")
    assert others == ["1", "A"]


@pytest.mark.parametrize("closed", [True, False])
def test_without_an_output_lines_are_done_all_the_same(monkeypatch: pytest.MonkeyPatch, *, closed: bool) -> None:
    output = io.StringIO()
    output.close()
    monkeypatch.setattr(sys, "stdout", output if closed else None)
    done: list[str] = []

    def answer(line: str) -> list[str]:
        done.append(line)
        return [line]

    monkeypatch.setattr(sys.modules[__name__], "_answer", answer)
    with typing(monkeypatch) as (ours, _):
        os.write(ours, b"a\nb\n")
    assert done == ["a", "b"]


def test_the_thread_ends_with_the_loop(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with typing(monkeypatch) as (ours, thread):
        thread.end()
        os.write(ours, b"a\nb\n")
        _join()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("stdin", [None, io.StringIO()])
def test_without_a_standard_input_there_is_no_thread(
    monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO | None
) -> None:
    thread = LoopThread()
    monkeypatch.setattr(sys, "stdin", stdin)
    typed.answer_lines(thread.loop, _answer)
    thread.end()
    assert [thread.name for thread in threading.enumerate() if thread.name == "typed lines"] == []


def test_a_terminal_is_read_again_when_it_can_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results: list[bytes | OSError] = [OSError("in the background"), b"a\n", b""]

    def read(descriptor: int, size: int) -> bytes:
        result = results.pop(0)
        if isinstance(result, OSError):
            raise result
        return result

    monkeypatch.setattr(typed, "_LOOK_AGAIN", 0.0)
    monkeypatch.setattr(os, "isatty", lambda _: True)
    monkeypatch.setattr(os, "read", read)
    with typing(monkeypatch):
        _join()
    assert capsys.readouterr().out.splitlines() == ["1", "A"]


def test_an_input_that_cannot_be_read_is_at_its_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read(descriptor: int, size: int) -> bytes:
        raise OSError("gone")

    monkeypatch.setattr(os, "read", read)
    with typing(monkeypatch):
        _join()
    assert capsys.readouterr().out == ""
