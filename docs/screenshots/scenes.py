"""What each picture shows: functions that bring a window there, in the order in which they are taken.

Each takes the window as the one before it in its tour has left it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import State

if TYPE_CHECKING:
    import tkinter as tk
    from collections.abc import Callable

    from docs.screenshots.camera import Camera
    from iec104mm2ss.gui.entry_pane import EntryPane

_RTU, _ABB, _OSI = "111/S", "111/11101", "111/11102"
_AWAY, _GONE = "112/11202", "114/S"
_ONLINE = (_RTU, _ABB, _OSI, "112/S", "112/11201", "113/S", "113/11301", "113/11302")
_ENOUGH_LINES, _ENOUGH_FRAMES = 9, 24
_LITTLE, _HALF = 0.22, 0.5


def _gateway(camera: Camera) -> None:
    """Three RTUs and their masters are online, one RTU cannot be connected."""
    for key in _ONLINE:
        _wait(camera, key, State.ONLINE)
    _wait(camera, _GONE, State.RETRYING)
    pane = camera.choose(_ABB, "log")
    camera.until(lambda: pane.log.line_count > _ENOUGH_LINES, "lines of a log")


def _trace(camera: Camera) -> None:
    """Commands pass from a master to the RTU, reports from the RTU to all masters."""
    pane = camera.choose(_RTU, "trace")
    camera.until(lambda: pane.trace.line_count > 2 * _ENOUGH_FRAMES and _seen(pane, "C_DC_NA_1"), "frames of commands")


def _details(camera: Camera) -> None:
    """A master that is online, and the hosts that were turned away at its port."""
    camera.divide(_LITTLE)
    pane = camera.choose(_OSI, "details")
    camera.until(lambda: pane.details.refused is not None, "a refused peer")


def _edit(camera: Camera) -> None:
    """A port is typed that another master has."""
    camera.divide(_HALF)
    pane = camera.choose(_AWAY, "edit")
    camera.until(lambda: pane.edit.fields["port no"].value == _port(_AWAY), "the fields of an entry")
    pane.edit.fields["hosts"].text += f";{_network(pane)}"
    pane.edit.fields["port no"].text = _port(_ABB)
    camera.until(lambda: pane.edit.fields["port no"].message.cget("text"), "what is wrong with a field")


def _restart(camera: Camera) -> None:
    """The port is put right, and the restart of an RTU with all its masters is asked for."""
    pane = camera.window.panes.first
    pane.edit.revert()
    pane = camera.choose(_RTU, "edit")
    camera.until(lambda: pane.edit.fields["hosts"].value.endswith("12404"), "the fields of an RTU")
    pane.edit.fields["hosts"].text = pane.edit.fields["hosts"].text.split(";")[0]
    camera.until(lambda: pane.edit.apply_button.instate(["!disabled"]), "an edit that can be applied")
    pane.edit.apply()


def _save(camera: Camera) -> None:
    """An edit that runs is saved to the file."""
    _close_dialogs(camera)
    camera.window.panes.first.edit.revert()
    pane = camera.choose(_AWAY, "edit")
    camera.until(lambda: pane.edit.fields["port no"].value == _port(_AWAY), "the fields of an entry")
    pane.edit.fields["hosts"].text = _network(pane)
    camera.until(lambda: pane.edit.apply_button.instate(["!disabled"]), "an edit that can be applied")
    pane.edit.apply()
    camera.until(lambda: camera.window.snapshot and camera.window.snapshot.unsaved, "an edit that is not saved")
    camera.press("<Control-Key-s>")
    camera.until(lambda: _dialogs(camera), "the differences")


def _split(camera: Camera) -> None:
    """A log and a trace stand side by side, in the dark."""
    _close_dialogs(camera)
    window = camera.window
    _other_theme(camera)
    camera.choose(_RTU, "log")
    window.panes.split(_ABB)
    second = window.panes.second
    if second is not None:
        second.turn_to("trace")
        camera.until(lambda: second.trace.line_count > _ENOUGH_FRAMES, "frames")


def _abnormal(camera: Camera) -> None:
    """Only what is not online is shown, and the log of the RTU that cannot be connected."""
    window = camera.window
    _other_theme(camera)
    window.panes.unsplit()
    window.tree.ask(only_abnormal=True)
    window.filter.only_abnormal.set(True)
    camera.choose(_GONE, "log")


def _help(camera: Camera) -> None:
    """All keys."""
    camera.window.filter.clear()
    camera.press("<Key-F1>")


def _attached(camera: Camera) -> None:
    """The window of a gateway that runs as a service."""
    _wait(camera, _GONE, State.RETRYING)
    camera.choose(_GONE, "details")


def _simulator(camera: Camera) -> None:
    """RTUs send the signals of an index."""
    window = camera.window
    _wait(camera, "12404", State.ONLINE)
    _wait(camera, "12406", State.ONLINE)
    camera.rest(4)
    bar = window.send_bar
    if bar is not None:
        bar.index.set("301")
        bar.press()
        camera.until(lambda: _share(camera) > _HALF, "half of an index")
    camera.choose("12404", "log")


def _bad_rows(camera: Camera) -> None:
    """The data file of an RTU has rows that cannot be used."""
    camera.choose("12408", "details")
    camera.rest(1)


TOURS: dict[str, dict[str, Callable[[Camera], None]]] = {
    "gateway": {
        "gateway": _gateway,
        "trace": _trace,
        "details": _details,
        "edit": _edit,
        "restart": _restart,
        "save": _save,
        "split": _split,
        "abnormal": _abnormal,
        "help": _help,
    },
    "attached": {"attached": _attached},
    "simulator": {"simulator": _simulator, "bad-rows": _bad_rows},
}
"""The pictures of each tour by name: of the gateway's window, of one on a service, of the simulator's."""
SCENES = {name: scene for tour in TOURS.values() for name, scene in tour.items()}


def _wait(camera: Camera, key: str, state: State) -> None:
    def there() -> bool:
        entry = camera.window.context.entries.get(key)
        return entry is not None and entry.state is state

    camera.until(there, f"{key} {state}")


def _share(camera: Camera) -> float:
    found = [entry.sending for entry in camera.window.context.entries.values() if entry.sending]
    return max((it.place / it.total for it in found if it.total), default=0.0)


def _seen(pane: EntryPane, text: str) -> bool:
    return text in pane.trace.content()


def _other_theme(camera: Camera) -> None:
    window = camera.window
    window.change_look("light" if window.look.theme == "dark" else "dark")


def _port(key: str) -> str:
    return key.partition("/")[2]


def _network(pane: EntryPane) -> str:
    """Return the network of the only host in a filter."""
    return pane.edit.fields["hosts"].value.rpartition(".")[0] + ".0/28"


def _dialogs(camera: Camera) -> list[tk.Widget | tk.Toplevel]:
    return [it for it in camera.window.root.winfo_children() if it.winfo_class() == "Toplevel" and it.winfo_viewable()]


def _close_dialogs(camera: Camera) -> None:
    for dialog in _dialogs(camera):
        dialog.destroy()
