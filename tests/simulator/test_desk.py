"""The console's desk with the simulator behind it and its file in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from iec104mm2ss.console.desk import Desk, Head
from iec104mm2ss.console.requests import (
    Denied,
    Disable,
    Done,
    Edit,
    Edited,
    Enable,
    Lines,
    Log,
    Reload,
    Restart,
    Save,
    Send,
    Show,
    Status,
    StopSending,
)
from iec104mm2ss.console.snapshot import Details, Snapshot, State
from iec104mm2ss.settings.draft import Draft
from iec104mm2ss.settings.layout import RTUS
from tests.peers import started_master
from tests.program import free_port
from tests.simulator.program import RtuFile
from tests.simulator.running import running_simulator
from tests.station import address, asdu

if TYPE_CHECKING:
    from pathlib import Path

    from iec104mm2ss.console.requests import Answer, Request
    from iec104mm2ss.settings.simulation import Simulation
    from tests.simulator.running import RunningSimulator

_Answer = TypeVar("_Answer")
CA = 32
PACED = tuple(f"301,Y,1,{ioa},1,0.2" for ioa in range(1, 100))


def head() -> Head:
    return Head(program="iec104rs", version="1.2.3", host="test", pid=4711, started=1_700_000_000.0, uptime=60.0)


class Asked:
    """A desk, asked from the test's thread."""

    def __init__(self, running: RunningSimulator) -> None:
        path = running.folder / "iec104rs.csv"

        def made() -> Desk[Simulation]:
            return Desk(running.simulator, Draft.read(path, RTUS), head=head, log=running.console)

        self.desk = running.call(made)
        self._run = running.run

    def ask(self, request: Request) -> Answer:
        return self._run(self.desk.answer(request, "tester"))

    def expect(self, kind: type[_Answer], request: Request) -> _Answer:
        answer = self.ask(request)
        assert isinstance(answer, kind), answer
        return answer


def test_status_and_show(tmp_path: Path) -> None:
    file = RtuFile()
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running, started_master(port) as master:
        asked = Asked(running)
        (entry,) = asked.expect(Snapshot, Status()).entries
        assert (entry.key, entry.state, entry.peer, entry.line) == (str(port), State.ONLINE, master.name, 1)
        for name in (str(port), "abb", "1"):
            details = asked.expect(Details, Show(name))
            assert details.entry.key == str(port)
        assert [field.name for field in details.fields][:4] == ["id", "sys name", "rtu no", "port no"]
        assert details.drops == (f"ABB:{port}",)
        assert details.log_file == str(tmp_path / "log" / f"32-{port}-ABB.csv")
        running.wait_log(port, "started")
        assert any("started" in line for line in asked.expect(Lines, Log("1")).lines)


def test_an_edit_is_checked_done_saved_and_taken_back_by_a_reload(tmp_path: Path) -> None:
    file = RtuFile()
    port, other = file.add(CA), file.add(105, "OSI")
    with running_simulator(tmp_path, file) as running, started_master(other) as bystander:
        asked = Asked(running)
        with started_master(port) as master:
            checked = asked.expect(Edited, Edit(str(port), {"k": "20"}, check=True))
            assert checked.drops == (f"ABB:{port}",)
            assert checked.changes == (f"ABB on port {port}: k 12 -> 20; the port is opened anew",)
            master.test()
            assert asked.expect(Edited, Edit(str(port), {"sys name": "ANEW"})).drops == ()
            master.test()
        moved = free_port()
        assert asked.expect(Edited, Edit(str(port), {"port no": str(moved)})).problems == ()
        with started_master(moved):
            bystander.test()
        entries = asked.expect(Snapshot, Status()).entries
        assert [(entry.key, entry.name, entry.edited) for entry in entries] == [
            (str(moved), "ANEW", True),
            (str(other), "OSI", False),
        ]
        refused = asked.expect(Edited, Edit(str(moved), {"port no": str(other)}))
        assert [problem.field for problem in refused.problems if problem.refused] == ["port no"]
        asked.expect(Done, Save("copy.csv"))
        assert f",ANEW,{CA},{moved}," in (tmp_path / "copy.csv").read_text(encoding="utf-8")
        report = asked.expect(Done, Reload()).text.splitlines()
        assert report[0] == "2 changed"
        with started_master(port):
            bystander.test()


def test_an_index_is_sent_stopped_and_not_sent_twice_at_a_time(tmp_path: Path) -> None:
    file = RtuFile(*PACED)
    port, other, closed = file.add(CA), file.add(105, "OSI"), file.add(7, "OFF")
    with running_simulator(tmp_path, file) as running, started_master(port) as first, started_master(other) as second:
        asked = Asked(running)
        asked.expect(Done, Disable(str(closed)))
        said = asked.expect(Done, Send(301, 60.0)).text
        assert said == "index 301: 198 signals from 2 of 3 RTUs; without a master: 1"
        for master, ca in ((first, CA), (second, 105)):
            assert master.take(1) == [asdu(1, 3, ca, address(1) + b"\x01")]
        assert asked.expect(Denied, Send(301)).text == "index 301 is being sent; stop ends it"
        assert asked.expect(Done, StopSending()).text == "stopped on 2 RTUs"
        assert asked.expect(Denied, Send(5)).text == "no signal has the index 5"
        snapshot = asked.expect(Snapshot, Status())
        assert [entry.sending and entry.sending.text for entry in snapshot.entries] == ["Missing 5", "Missing 5", ""]
        assert "is disabled: enable it to start it" in asked.expect(Denied, Restart(str(closed))).text
        asked.expect(Done, Enable(str(closed)))
        with started_master(closed):
            assert asked.expect(Done, StopSending()).text == "nothing is being sent"
