"""The demonstration as its spectators start it, and the books by which it judges itself."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import pytest

from iec104mm2ss.demo import play, run_demo
from iec104mm2ss.demo.ledger import Account, Ledger
from iec104mm2ss.demo.plant import BREAKER, CLOSED, INTERROGATED, OPEN, SIGNALS, Feeder, station
from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.settings.site import InterrogationData
from iec104mm2ss.simulator.port import local_time
from iec104mm2ss.wire.elements import Counter, Monitored
from tests.program import SIGNS_OF_A_BUG, environment, eventually
from tests.station import asdu, single_point, with_header

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from iec104mm2ss.settings.site import Site

COMMAND = (sys.executable, "-m", "iec104mm2ss", "--demo", "--log-dir", "log")
CAS = {"OSI-1": 32, "OSI-2": 132}
BOOKS = re.compile(
    r"^(OSI-\d) received (\d+), lost (\d+), foreign (\d+); its requests: (\d+) answered, (\d+) not$", re.MULTILINE
)
PRAISE = "Every report arrived, in order; every answer only where it was asked for."


def books(output: str) -> dict[str, tuple[int, ...]]:
    """By master: received, lost, foreign, answered and unanswered, of the summary."""
    return {name: tuple(map(int, counts)) for name, *counts in BOOKS.findall(output)}


def assert_no_sign_of_a_bug(output: str) -> None:
    assert [sign for sign in SIGNS_OF_A_BUG if sign in output] == [], output


def test_in_a_pipe_it_prints_lines_and_a_summary(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--demo-seconds", "4"],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=30,
        check=False,
    )
    output = done.stdout
    assert_no_sign_of_a_bug(output)
    assert done.returncode == 0, output
    assert f"OSI-1   interrogates: {INTERROGATED} values, nobody else sees them" in output
    assert "breaker Q0 OPEN  -> OSI-1 and OSI-2" in output
    assert "OSI-1   wants to select it too: refused, OSI-2 has it" in output
    assert "OSI-2   opens it: confirmed, terminated; both see the new position" in output
    sent = re.search(r"^The RTU sent (\d+) reports\.$", output, re.MULTILINE)
    assert sent
    counts = books(output)
    assert set(counts) == set(CAS)
    assert {count[:3] for count in counts.values()} == {(int(sent[1]), 0, 0)}
    assert int(sent[1]) >= 3
    assert [count[3] for count in counts.values()] == [2, 2]  # interrogation and refused select; select and execute
    assert PRAISE in output
    assert "\x1b" not in output
    names = {re.sub(r"M-\d+", "M-PORT", path.name) for path in (tmp_path / "log").iterdir()}
    assert names == {"111-S-RTU-1.log", "111-M-PORT-OSI-1.log", "111-M-PORT-OSI-2.log"}


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path: Path) -> None:
    with subprocess.Popen(
        COMMAND, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        assert "demonstration" in demo.stdout.readline()
        demo.stdout.close()
        complaints = demo.stderr.read()
    assert (demo.returncode, complaints) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_on_a_terminal_it_draws_until_it_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    with Terminal(tmp_path) as terminal:
        terminal.wait_for("breaker Q0 OPEN  -> OSI-1 and OSI-2")
        assert "\x1b[?1049h" in terminal.text  # the other screen, so that the terminal comes back as it was
        for words in ("master OSI-1, CA 32", "master OSI-2, CA 132", "Ctrl-C ends it", "retrem(11)", "inrogen(20)"):
            assert words in terminal.text
        terminal.process.send_signal(number)
        assert terminal.process.wait(10) == 0
        terminal.wait_for(PRAISE)
    picture, _, summary = terminal.text.rpartition("\x1b[?1049l")
    assert picture
    assert set(books(summary.replace("\r", ""))) == set(CAS)
    assert_no_sign_of_a_bug(terminal.text)


def test_a_gateway_that_shows_answers_to_everybody_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def leaky(rtu_port: int, accounts: Sequence[Account], ports: Sequence[int]) -> Site:
        site = tight(rtu_port, accounts, ports)
        groups = tuple(replace(group, interrogation_data=InterrogationData.ALL) for group in site.groups)
        return replace(site, groups=groups)

    tight = play._site
    monkeypatch.setattr(play, "_site", leaky)
    assert run_demo(1, tmp_path) == 1
    output = capsys.readouterr().out
    assert "OSI-1   interrogates: 10 values, BUT SOMEBODY ELSE SAW THEM" in output
    assert "FAILED: something was lost, leaked or unanswered." in output
    assert PRAISE not in output
    counts = books(output)
    assert counts["OSI-1"][2] == 0
    assert counts["OSI-2"][2] > 0


def test_a_gateway_that_serves_nobody_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(play, "_BEGIN_WITHIN", 0.3)
    monkeypatch.setattr(Gateway, "run", lambda _: asyncio.sleep(60))
    assert run_demo(1, tmp_path) == 1
    assert "FAILED: the masters were not served within 0.3 s" in capsys.readouterr().out


def test_a_gateway_that_ends_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serve = Gateway.run

    async def collapse(gateway: Gateway) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(serve(gateway), 0.7)
        raise LookupError("collapsed")

    monkeypatch.setattr(Gateway, "run", collapse)
    assert run_demo(None, tmp_path) == 1
    output = capsys.readouterr().out
    assert "FAILED: the gateway ended: LookupError('collapsed')" in output
    assert "FAILED: OSI-1 lost its connection" in output


def pseudo_terminal() -> tuple[int, int]:
    """Return the descriptors of both sides, 100 columns by 30 lines."""
    if sys.platform == "win32":
        pytest.skip("no pseudo-terminals")
    import pty  # noqa: PLC0415 - not on Windows
    import termios  # noqa: PLC0415

    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (30, 100))
    return master, slave


class Terminal:
    """The demonstration under a pseudo-terminal; `text` is all that it wrote."""

    def __init__(self, folder: Path) -> None:
        master, slave = pseudo_terminal()
        self.process = subprocess.Popen(
            COMMAND, cwd=folder, env=environment() | {"TERM": "xterm"}, stdin=slave, stdout=slave, stderr=slave
        )
        self._slave = open(slave, "rb", buffering=0)  # noqa: SIM115, PTH123 - a descriptor, closed in __exit__
        self._master = open(master, "rb", buffering=0)  # noqa: SIM115, PTH123
        self._octets = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        return self._octets.decode("utf-8", errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._slave.close()
        self._reader.join(5)
        self._master.close()

    def wait_for(self, words: str) -> None:
        eventually(lambda: words in self.text, f"{words!r} on the terminal:\n{self.text[-4000:]}", 15)

    def _read(self) -> None:
        while True:
            try:
                octets = self._master.read(65536)
            except OSError:  # Linux: the last one has closed the other side
                return
            if not octets:
                return
            self._octets += octets


EVENTS = [single_point(32, ioa) for ioa in (1, 2, 3)]


def ledger() -> Ledger:
    """Three reports, owed to two masters of which the second knows the RTU as CA 132."""
    books = Ledger([Account(name, ca) for name, ca in CAS.items()])
    for event in EVENTS:
        books.report(event, "text")
    return books


def test_a_report_is_complete_when_all_masters_have_it() -> None:
    books = ledger()
    first, second = books.accounts
    assert books.arrived(first, EVENTS[0]) is None
    done = books.arrived(second, with_header(EVENTS[0], ca=132))
    assert done is not None
    assert (done.asdu, books.sent, first.received, second.received) == (EVENTS[0], 3, 1, 1)
    assert not first.is_clean  # two are still owed


def test_a_report_that_others_have_overtaken_is_lost() -> None:
    first = ledger().accounts[0]
    first.arrived(EVENTS[2])
    assert (first.received, first.lost, len(first.owed)) == (1, 2, 0)
    assert not first.is_clean


@pytest.mark.parametrize(
    "arrived",
    [
        with_header(EVENTS[0], ca=132),  # the other master's CA
        with_header(EVENTS[0], oa=1),  # somebody's originator address
        single_point(32, 1, 0),  # another value
        asdu(30, 3, 32, EVENTS[0][6:]),  # another type
    ],
)
def test_a_report_that_is_not_octet_by_octet_what_the_rtu_sent_is_foreign(arrived: bytes) -> None:
    first = ledger().accounts[0]
    assert first.arrived(arrived) is None
    assert (first.received, first.strange, len(first.owed)) == (0, 1, 3)


def test_a_report_that_comes_twice_is_foreign_the_second_time() -> None:
    first = ledger().accounts[0]
    for event in (*EVENTS, EVENTS[2]):
        first.arrived(event)
    assert (first.received, first.lost, first.strange) == (3, 0, 1)
    assert not first.is_clean


def test_settled_is_when_nobody_is_owed_anything() -> None:
    async def scenario() -> tuple[bool, bool, bool]:
        books = ledger()
        before = await books.settled(0)
        waiting = asyncio.create_task(books.settled(5))
        for event in EVENTS:
            books.arrived(books.accounts[0], event)
            books.arrived(books.accounts[1], with_header(event, ca=132))
        return before, await waiting, await books.settled(0)

    assert asyncio.run(scenario()) == (False, True, True)


def test_an_account_is_clean_only_without_unanswered_requests() -> None:
    assert Account("OSI-1", 32, received=5, answered=2).is_clean
    assert not Account("OSI-1", 32, unanswered=1).is_clean


def test_signals_read_as_people_write_them() -> None:
    assert SIGNALS[BREAKER].text(Monitored(2)) == "CLOSED"
    assert SIGNALS[1101].text(Monitored(110.44)) == "110.4 kV"
    assert SIGNALS[1021].text(Monitored(9)) == "9"
    assert SIGNALS[1201].text(Counter(48_210)) == "48210 kWh"


def test_the_bay_always_has_something_to_report_and_no_current_flows_through_an_open_breaker() -> None:
    bay = station()
    happenings = Feeder(bay).happenings()
    for _ in range(500):
        bay.change(*next(happenings), local_time())
    assert bay.reading(1102).value > 0
    bay.change(BREAKER, OPEN, local_time())
    for _ in range(12):
        bay.change(*next(happenings), local_time())
    assert (bay.reading(1102).value, bay.reading(1103).value) == (0, 0)
    bay.change(BREAKER, CLOSED, local_time())
    seen = {next(happenings)[0] for _ in range(12)}
    assert len(seen) == 8
