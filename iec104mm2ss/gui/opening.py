"""Opens a file with the program that the desktop has for it."""

import os
import subprocess
import sys


def open_file(path: str) -> str:
    """Open a file without waiting for it; return why that failed, if so."""
    try:
        if sys.platform == "win32":
            os.startfile(path)  # noqa: S606 - what the desktop does at a double click
        else:
            opener = "open" if sys.platform == "darwin" else "xdg-open"
            # Its own session: Ctrl-C in the terminal of this program is not meant for it.
            quiet = subprocess.DEVNULL
            subprocess.Popen([opener, path], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)  # noqa: S603
    except OSError as error:
        return f"{path} cannot be opened: {error}; open it by hand"
    return ""
