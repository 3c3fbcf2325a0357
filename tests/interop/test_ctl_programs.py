"""The commands against the real programs: a simulated RTU, the gateway in front of it, and a master."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from iec104mm2ss.console.address import own_path
from tests.program import Gateway, Site, environment, eventually, free_port
from tests.simulator.program import RtuFile, SimulatorProgram

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")


@dataclass
class Plant:
    """Both programs, the ports of the gateway's masters, and the commands."""

    gateway: Gateway
    simulator: SimulatorProgram
    site: Path
    ports: list[int]

    def ctl(self, *words: str, code: int = 0) -> str:
        """Run `iec104mm2ssctl`; return what it prints."""
        return _run("gateway", self.gateway, words, code)

    def rsctl(self, *words: str, code: int = 0) -> str:
        return _run("simulator", self.simulator, words, code)

    def states(self) -> dict[str, str]:
        done = _start("gateway", self.gateway, ("status", "--json"))
        return {entry["key"]: entry["state"] for entry in json.loads(done.stdout)["entries"]}


def _run(which: str, program: Gateway, words: tuple[str, ...], code: int) -> str:
    done = _start(which, program, words)
    assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def _start(which: str, program: Gateway, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    name = {"gateway": "iec104mm2ss", "simulator": "iec104rs"}[which]
    start = f"import sys; from iec104mm2ss.ctl.cli import {which}; sys.exit({which}())"
    return subprocess.run(
        [sys.executable, "-c", start, "--ctl", str(own_path(name, program.logs)), *words],
        cwd=program.logs.parent,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    folders = [tmp_path / name for name in ("rs", "gw")]
    for folder in folders:
        folder.mkdir()
    rtus = RtuFile(*(f"301,Y,30,{301 + number},1,0.1,,,,,,point" for number in range(10)))
    site = Site()
    site.rtu(111, 32, rtus.add(32))
    ports = [site.master(111, name, 32) for name in ("ABB-1", "OSI-1")]
    with SimulatorProgram(folders[0], rtus) as simulator, Gateway(folders[1], site) as gateway:
        plant = Plant(gateway, simulator, folders[1] / "site.csv", ports)
        eventually(lambda: _is_up(plant), "the RTU is ONLINE and the ports listen")
        yield plant


def _is_up(plant: Plant) -> bool:
    if not own_path("iec104mm2ss", plant.gateway.logs).exists():
        return False
    return list(plant.states().values()) == ["ONLINE", "WAITING", "WAITING"]


def test_what_runs_is_shown(plant: Plant) -> None:
    assert "3 entries: 1 online, 2 waiting" in plant.ctl("status", code=1)
    assert plant.ctl("status", "111/S").splitlines()[1].split()[:4] == ["111", "S/RTU-1", "RTU", "ONLINE"]
    assert f"port {plant.ports[1]}" in plant.ctl("status", "OSI-1", code=2)
    assert "  hosts   127.0.0.1:" in plant.ctl("show", "111")
    assert "connected to 127.0.0.1:" in plant.ctl("log", "111")
    assert "1 entry: 1 online" in plant.rsctl("status")


def test_an_edit_restarts_its_entry_and_a_reload_takes_it_back(plant: Plant) -> None:
    spare = free_port()
    plant.ctl("set", "OSI-1", f"port={spare}")
    eventually(lambda: plant.states().get(f"111/{spare}") == "WAITING", "the new port listens")
    assert f",{spare}," in plant.ctl("diff")
    assert f"unsaved edits are given up: 111/{spare}" in plant.ctl("reload")
    eventually(lambda: plant.states().get(f"111/{plant.ports[1]}") == "WAITING", "the old port listens again")
    assert "reload: 2 changed" in plant.gateway.output()


def test_an_entry_is_switched_off_and_on(plant: Plant) -> None:
    plant.ctl("disable", "OSI-1")
    assert plant.states()[f"111/{plant.ports[1]}"] == "DISABLED"
    plant.ctl("enable", "OSI-1")
    eventually(lambda: plant.states()[f"111/{plant.ports[1]}"] == "WAITING", "the port listens")
    plant.ctl("restart", "111")
    eventually(lambda: _is_up(plant), "the RTU is back")


def test_a_saved_edit_outlives_a_reload(plant: Plant) -> None:
    plant.ctl("set", "ABB-1", "k=16", "name=ABB-9")
    plant.ctl("save")
    assert "ABB-9" in plant.site.read_text(encoding="utf-8")
    assert "nothing differs" in plant.ctl("reload")
    assert plant.site.with_suffix(".csv.bak").exists()


def test_an_index_is_sent_and_stopped(plant: Plant) -> None:
    said = plant.rsctl("send", "301", "--wait").splitlines()
    assert [line.partition(":")[0] for line in said] == ["index 301", "1 RTU sending", "all is sent"]
    plant.rsctl("send", "301:60")
    assert " of 10" in plant.rsctl("status")
    assert "stopped" in plant.rsctl("stop")


@pytest.mark.skipif(shutil.which("tshark") is None, reason="needs TShark")
def test_a_capture_is_decoded_by_tshark(plant: Plant, tmp_path: Path) -> None:
    plant.rsctl("send", "301:60")
    file = tmp_path / "111.pcap"
    hint = plant.ctl("trace", "111", "--count", "12", "--seconds", "30", "--pcap", str(file))
    command = hint.partition("to decode them: ")[2].split()
    decoded = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=True).stdout
    assert "M_SP_TB_1 Spont" in decoded
    assert "Malformed" not in decoded
