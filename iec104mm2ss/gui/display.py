"""Whether there is a display for a window, and what happens when it goes away."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_kept: list[object] = []
_resolutions: dict[str, str] = {}


def missing() -> str:
    """Return in one line why no window can be shown, empty where one can. Call it in the main thread."""
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        return "no window: DISPLAY is not set"
    try:
        import tkinter as tk  # noqa: PLC0415 - where it is missing the program runs without a window
    except ImportError as error:
        return f"no window: Tk is not installed ({error}); on Debian: apt install python3-tk"
    try:
        resolution()
    except tk.TclError as error:
        return f"no window: {error}"
    return ""


def resolution() -> str:
    """Return the resource `Xft.dpi`, in which X11 desktops say how large things are; empty where there is none.

    Tk gives it only to an application of the name `Xft`, which takes 50 ms to make: once for a display.
    """
    import tkinter as tk  # noqa: PLC0415 - as above

    name = os.environ.get("DISPLAY", "")
    if name not in _resolutions:
        probe = tk.Tk(baseName="Xft", className="Xft")
        _resolutions[name] = str(probe.option_get("dpi", "Dpi"))  # type: ignore[no-untyped-call]
        probe.destroy()
    return _resolutions[name]


def on_loss(handler: Callable[[], None]) -> None:
    """Call `handler` when the X display goes away: its user logs out, or an ssh connection ends.

    Xlib ends the process once the handler returns, so one that wants the program to go on must not return. It is called
    in the thread that has the window, in the midst of a call of Tk, which must not be used any more. Where the window
    is not one of X11 nothing happens.
    """
    if sys.platform == "win32":
        return
    name = ctypes.util.find_library("X11")
    if name is None:
        return
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)

    def lost(_: int | None) -> int:
        handler()
        return 0

    callback = kind(lost)
    _kept.append(callback)
    library = ctypes.CDLL(name)
    library.XSetIOErrorHandler.argtypes = [kind]
    library.XSetIOErrorHandler.restype = ctypes.c_void_p
    library.XSetIOErrorHandler(callback)
