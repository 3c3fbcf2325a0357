"""The program under test, as its users start it: `python -m iec104mm2ss -i SITE -n` in a process of its own."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.endpoint import PATIENCE

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[1]
# What a program prints when something of its own went wrong and it did not notice.
SIGNS_OF_A_BUG = ("Traceback", "never retrieved", "never awaited", "Exception in", "ResourceWarning")
_ports = iter(random.SystemRandom().sample(range(20000, 32000), 12000))  # below the kernel's ephemeral range


def free_port() -> int:
    """Return a loopback port that nobody listens on and that no other call returns."""
    while True:
        port = next(_ports)
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def eventually(condition: Callable[[], bool], what: str, within: float = PATIENCE) -> None:
    """Poll until the condition holds, at most `within` seconds."""
    give_up = time.monotonic() + within
    while not condition():
        assert time.monotonic() < give_up, f"not within {within} s: {what}"
        time.sleep(0.02)


class Site:
    """A site file in the making: settings as keyword arguments, then rows in the order of the calls."""

    def __init__(self, **settings: object) -> None:
        self.lines = [f"{name},{value}" for name, value in settings.items()]

    def rtu(self, group: int, ca: int, *ports: int, name: str = "RTU-1", **options: object) -> None:
        hosts = ";".join(f"127.0.0.1:{port}" for port in ports)
        self.lines.append(",".join([f"{group},{name},,{ca},N,{hosts}", *_cells(options)]))

    def master(self, group: int, name: str, ca: int, hosts: str = "127.0.0.1", **options: object) -> int:
        """Add a master's row; return its port."""
        port = free_port()
        cells = _cells({"bind": "127.0.0.1"} | options)
        self.lines.append(",".join([f"{group},{name},{port},{ca},Y,{hosts}", *cells]))
        return port

    def write(self, path: Path) -> Path:
        path.write_text("\n".join([*self.lines, ""]), encoding="utf-8")
        return path


def _cells(options: dict[str, object]) -> list[str]:
    return [f"{name}={value}" for name, value in options.items()]


def environment(*, debug: bool = True) -> dict[str, str]:
    """Return the environment of a program that tells, with `debug`, of forgotten coroutines and open sockets."""
    checks = {"PYTHONASYNCIODEBUG": "1", "PYTHONWARNINGS": "default::ResourceWarning"}
    environment = {name: value for name, value in os.environ.items() if name not in checks}
    return environment | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"} | (checks if debug else {})


def run(*arguments: str | Path, folder: Path, within: float = 20) -> subprocess.CompletedProcess[str]:
    """Run the program until it ends by itself, in this folder."""
    return subprocess.run(
        [sys.executable, "-m", "iec104mm2ss", *map(str, arguments)],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=within,
        check=False,
    )


class Gateway:
    """The running program. Leaving the context stops it by SIGTERM and expects exit 0 and no traceback.

    `launcher` is what the interpreter runs; `debug` as in `environment`; `logs` are in the folder unless elsewhere.
    """

    def __init__(
        self,
        folder: Path,
        site: Site,
        *,
        launcher: Sequence[str] = ("-m", "iec104mm2ss"),
        debug: bool = True,
        logs: Path | None = None,
    ) -> None:
        self.logs = logs or folder / "log"
        self._output = folder / "output.txt"
        command = [
            sys.executable,
            *launcher,
            "-i",
            str(site.write(folder / "site.csv")),
            "-n",
            "--log-dir",
            str(self.logs),
        ]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment(debug=debug),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.stop()
            return
        self.process.kill()
        self.process.wait()
        sys.stderr.write(self.output() + self.all_logs())

    def stop(self, within: float = PATIENCE) -> float:
        """Stop by SIGTERM; return how long that took in seconds."""
        began = time.monotonic()
        self.process.terminate()
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        assert code == 0 or sys.platform == "win32", f"exit {code}\n{self.output()}"
        self.assert_no_sign_of_a_bug()
        return time.monotonic() - began

    def assert_no_sign_of_a_bug(self) -> None:
        text = self.output() + self.all_logs()
        assert [sign for sign in SIGNS_OF_A_BUG if sign in text] == [], text

    def output(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def all_logs(self) -> str:
        return "".join(
            f"== {path.name}\n{path.read_text(encoding='utf-8')}"
            for path in sorted(self.logs.glob("*"))
            if path.is_file()
        )

    def log(self, name: str) -> str:
        """Return the text of the log file of the row with this name; empty while there is none."""
        paths = [path for path in self.logs.glob("*.log") if path.stem.endswith(f"-{name}")]
        return "".join(path.read_text(encoding="utf-8") for path in paths)

    def wait_log(self, name: str, *parts: str, since: int = 0, within: float = PATIENCE) -> str:
        """Wait for a line with all these parts (case does not matter) in the row's log; return the line."""

        def line() -> str:
            lines = self.log(name)[since:].splitlines()
            return next((text for text in lines if all(part.lower() in text.lower() for part in parts)), "")

        eventually(lambda: bool(line()), f"line with {parts} in the log of {name}:\n{self.log(name)[since:]}", within)
        return line()

    def memory(self) -> int:
        """Resident memory in MiB (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) // 1024

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
