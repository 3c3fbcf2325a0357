"""Files are replaced as a whole or not at all, whatever happens meanwhile."""

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_MODE = 0o640  # of a file that has no model


class NotSavedError(Exception):
    """The file was not written and is as it was; the message says why and what to do."""


def is_same(path: Path, other: Path) -> bool:
    """Whether two paths name one file, whether or not it exists."""
    try:
        return path.resolve() == other.resolve() or path.samefile(other)
    except (OSError, RuntimeError, ValueError):  # RuntimeError: symbolic links in a circle; ValueError: a NUL
        return False


def replace(path: Path, data: bytes, *, read: bytes) -> None:
    """Replace a file that holds `read`, and keep that as `.bak` beside it; write it anew where it is gone.

    A symbolic link is followed. Rights and owner stay as far as this user may set them. Nothing is done to a file that
    holds `data` already. Raises NotSavedError, for a file that holds anything else too.
    """
    with _plain_words(path):
        target = path.resolve()
        found = target.read_bytes() if target.exists() else None
        if found == data:
            return
        if found is not None and found != read:
            raise NotSavedError(
                f"{path} was changed on disk since it was read: reload it, or save the edits under another name"
            )
        with _temporary(target, data, like=target) as written:
            if found is not None:
                with _temporary(target, found, like=target) as backup:
                    backup.replace(target.with_name(f"{target.name}.bak"))
            written.replace(target)
        _sync(target.parent)


def create(path: Path, data: bytes, *, like: Path) -> None:
    """Write a file that does not exist yet, with the rights of the file `like`. Raises NotSavedError."""
    with _plain_words(path):
        if os.path.lexists(path):
            raise NotSavedError(f"{path} exists already and is not overwritten: choose another name")
        with _temporary(path, data, like=like) as written:
            written.replace(path)
        _sync(path.parent)


@contextlib.contextmanager
def _plain_words(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError:
        raise NotSavedError(
            f"{path} cannot be written: it is open in another program such as a spreadsheet, or this user may not "
            f"write in the folder {path.parent}; close it there, or save under another name"
        ) from None
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError and ValueError: see `is_same`
        reason = getattr(error, "strerror", None) or error
        raise NotSavedError(f"{path} cannot be written: {reason}; it is as it was") from None


@contextlib.contextmanager
def _temporary(target: Path, data: bytes, *, like: Path) -> Iterator[Path]:
    """A file in the target's folder that is on the disk, to be renamed; it is gone at the end."""
    handle, name = tempfile.mkstemp(prefix=".saving-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _take_rights(Path(name), like)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _take_rights(path: Path, like: Path) -> None:
    try:
        status = like.stat()
    except OSError:
        path.chmod(_MODE)
        return
    if sys.platform != "win32":
        # A user may give a file to a group of its own, and to itself; only root to others.
        for owner, group in ((-1, status.st_gid), (status.st_uid, -1)):
            with contextlib.suppress(OSError):
                os.chown(path, owner, group)
    path.chmod(stat.S_IMODE(status.st_mode))


def _sync(folder: Path) -> None:
    """Have a rename on the disk, where the operating system can."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):  # not every file system takes it for a folder, and the file is in place
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
