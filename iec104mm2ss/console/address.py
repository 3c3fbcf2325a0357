"""Where a program's control socket is, and how it is made so that nobody else can reach it.

It is a Unix socket for its owner and group. Windows has a loopback port instead, and at the same path a file that only
its user can read: JSON with the port and a secret, which a client sends as its first line.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import stat
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LONGEST_PATH: Final = 107
"""Octets of `sun_path` (unix(7)) without the NUL at its end."""
_MODE: Final = 0o660
_WAITING: Final = 16
_LOOPBACK: Final = "127.0.0.1"
_LONGEST_FILE: Final = 4096


class SocketError(Exception):
    """The control socket cannot be made here; the text says why and what to do."""


class TakenError(SocketError):
    """A running program has this control socket."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that listens, and the secret that its clients must know, empty where the file system guards it."""

    socket: socket.socket
    secret: bytes = b""


def own_path(program: str, log_folder: Path) -> Path:
    """Where a program makes its socket unless it is told: in the folder that systemd made for it, or with its logs."""
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(folder) / "ctl.sock" if folder else log_folder / f"{program}.sock"


def likely_path(program: str) -> Path:
    """Where a command looks for a program's socket unless it is told: its service, then the current folder."""
    service = Path(f"/run/{program}/ctl.sock")
    try:
        runs = service.exists()
    except PermissionError:  # the folder is for the service's group; who connects is told so
        runs = True
    return service if runs else Path("log") / f"{program}.sock"


def connect(path: Path, patience: float) -> socket.socket:
    """Connect to a program's socket; `patience` is seconds, also for what is read and written. Raises OSError."""
    if sys.platform != "win32" and path.is_socket():
        connection = socket.socket(socket.AF_UNIX)
        target: str | tuple[str, int] = str(path)
        secret = b""
    else:
        port, secret = _read_file(path)
        connection, target = socket.socket(), (_LOOPBACK, port)
    try:
        connection.settimeout(patience)
        connection.connect(target)
        connection.sendall(secret and secret + b"\n")
    except OSError:
        connection.close()
        raise
    return connection


def _read_file(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as file:
        data = file.read(_LONGEST_FILE)
    try:
        content = json.loads(data)
        return int(content["port"]), str(content["secret"]).encode()
    except (ValueError, LookupError, TypeError, RecursionError):
        raise OSError(f"{path} is no control socket") from None


def listen(path: Path, *, tcp: bool = sys.platform == "win32") -> Listening:
    """Make a socket at `path` whose former owner is known to be dead. Raises SocketError."""
    try:
        path.parent.mkdir(0o750, parents=True, exist_ok=True)
        return _listen_tcp(path) if tcp else Listening(_listen_unix(path))
    except OSError as error:
        raise SocketError(f"the control socket {path} cannot be made: {error.strerror or error}") from None


def _listen_unix(path: Path) -> socket.socket:
    if sys.platform == "win32":
        raise AssertionError("Windows has the loopback port")
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise SocketError(
            f"the control socket {path} cannot be made: a path of more than {_LONGEST_PATH} octets is too long for"
            " a socket; name a shorter one with --ctl"
        )
    listener = socket.socket(socket.AF_UNIX)
    try:
        # Before it has a name: what is bound gets this mode, less the umask, so at no moment can others connect.
        os.fchmod(listener.fileno(), _MODE)
        listener.bind(str(path))
        path.chmod(_MODE)
        listener.listen(_WAITING)
    except OSError:
        listener.close()
        raise
    return listener


def _listen_tcp(path: Path) -> Listening:
    listener = socket.socket()
    try:
        listener.bind((_LOOPBACK, 0))
        listener.listen(_WAITING)
        secret = secrets.token_hex(32)
        _write_file(path, json.dumps({"port": listener.getsockname()[1], "secret": secret}))
    except OSError:
        listener.close()
        raise
    return Listening(listener, secret.encode())


def _write_file(path: Path, text: str) -> None:
    """Let the file appear whole and guarded."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if sys.platform == "win32":
            _guard(draft)
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
    draft.replace(path)


def _guard(path: Path) -> None:
    """Take from a file the rights that it inherits from its folder: modes mean nothing on Windows."""
    user = _run("whoami", "/user", "/fo", "csv", "/nh").strip().rpartition(",")[2].strip('"')
    _run("icacls", str(path), "/inheritance:r", "/grant:r", f"*{user}:F")


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own file's name
    if done.returncode:
        raise OSError(f"{command[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def remove(path: Path) -> None:
    """Remove a socket, or the file that stands for one; nothing else that may be there."""
    with suppress(OSError):
        if stat.S_ISSOCK(path.lstat().st_mode) or _read_file(path):
            path.unlink()
