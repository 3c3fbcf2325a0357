"""Everything that can be done in the window, and where it is found: keys, menus, buttons."""

from __future__ import annotations

import re
import tkinter as tk
from functools import partial
from typing import TYPE_CHECKING

from iec104mm2ss.gui.action import Action
from iec104mm2ss.gui.dialogs import show_table
from iec104mm2ss.gui.menus import SEPARATOR
from iec104mm2ss.gui.words import GLYPHS, HAMPERED, MEANINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iec104mm2ss.gui.menus import Content
    from iec104mm2ss.gui.window import Window

_ZOOM_STEP = 1.1
_COLUMNS, _SORT = "columns", "sort"
_GEOMETRY = re.compile(r"(\d+)x(\d+)\+(-?\d+)\+(-?\d+)")


def actions(window: Window) -> dict[str, Action]:
    """Return everything that can be done, by name."""
    return {
        **_file_actions(window),
        **_view_actions(window),
        **_entry_actions(window),
        **_pane_actions(window),
        "help": Action(label="&Keys and signs", tip="Show this.", key="F1", run=lambda: show_help(window)),
        "about": Action(label="&About", tip="Show which program this is.", run=lambda: _about(window)),
    }


def _file_actions(window: Window) -> dict[str, Action]:
    do = window.errands
    return {
        "save": Action(
            label="&Save to file…",
            tip="Show what differs from the file, and write it.",
            key="Ctrl+S",
            run=do.save,
            usable=do.can_change,
        ),
        "difference": Action(label="&Unsaved changes…", tip="Show what differs from the file.", run=do.difference),
        "reload": Action(
            label="&Reload the file…",
            tip="Read the file again; only rows that differ are touched.",
            run=do.reload,
            usable=do.can_change,
        ),
        "quit": Action(label="&Quit", tip="Close the window.", key="Ctrl+Q", run=window.ask_to_close),
    }


def _view_actions(window: Window) -> dict[str, Action]:
    return {
        "refresh": Action(label="&Refresh", tip="Ask for the state now.", key="F5", run=window.refresh),
        "filter": Action(
            label="&Filter",
            tip="Type words that rows must have.",
            key="Ctrl+L",
            run=lambda: _to_filter(window),
        ),
        "show_all": Action(label="Show &all rows", tip="Take the filter away.", run=lambda: _show_all(window)),
        "open": Action(
            label="&Open all groups",
            tip="Show the masters of every RTU.",
            run=lambda: window.tree.open_all(opened=True),
        ),
        "shut": Action(
            label="&Close all groups", tip="Show RTUs alone.", run=lambda: window.tree.open_all(opened=False)
        ),
        "larger": Action(
            label="&Larger", tip="Make everything larger.", key="Ctrl++", run=lambda: _zoom(window, _ZOOM_STEP)
        ),
        "smaller": Action(
            label="S&maller", tip="Make everything smaller.", key="Ctrl+-", run=lambda: _zoom(window, 1 / _ZOOM_STEP)
        ),
        "usual": Action(
            label="&Usual size",
            tip="The size that fits the display.",
            key="Ctrl+0",
            run=lambda: window.change_look(zoom=1.0),
        ),
        "theme": Action(
            label="&Dark or light", tip="Change between dark and light.", key="F8", run=lambda: _other_theme(window)
        ),
    }


def _entry_actions(window: Window) -> dict[str, Action]:
    do = window.errands
    return {
        "restart": Action(
            label="&Restart",
            tip="Close the entry's connection and open it anew.",
            key="Ctrl+R",
            run=do.restart,
            usable=do.can_act,
        ),
        "disconnect": Action(
            label="Dis&connect",
            tip="Close the entry's connections; who was there may come back.",
            key="Ctrl+D",
            run=do.disconnect,
            usable=do.can_disconnect,
        ),
        "disable": Action(label="D&isable", tip="Close the entry and keep it closed.", run=do.disable, usable=do.is_on),
        "enable": Action(label="E&nable", tip="Open a disabled entry again.", run=do.enable, usable=do.is_off),
        "copy": Action(
            label="Co&py the row",
            tip="Put the entry onto the clipboard.",
            run=do.copy,
            usable=lambda: do.entry is not None,
        ),
        "data": Action(
            label="Open the &data file",
            tip="Open the file of this RTU's signals; what is saved in it counts at once.",
            run=do.open_data,
            usable=do.has_data,
        ),
    }


def _pane_actions(window: Window) -> dict[str, Action]:
    def turn(name: str) -> Action:
        label = {"log": "&Log", "trace": "&Trace", "details": "Det&ails", "edit": "&Edit"}[name]
        key = {"log": "F2", "trace": "F4", "details": "F6", "edit": "Ctrl+E"}[name]
        return Action(
            label=label, tip=f"Show the entry's {label.replace('&', '')} tab.", key=key, run=lambda: _turn(window, name)
        )

    return {
        **{name: turn(name) for name in ("log", "trace", "details", "edit")},
        "split": Action(
            label="&Split view",
            tip="Show a second pane beside the first, or take it away.",
            key="F7",
            run=lambda: window.panes.unsplit() if window.panes.second else window.panes.split(),
        ),
        "beside": Action(
            label="Show in the &second pane",
            tip="Show the entry beside the one that is shown.",
            key="Ctrl+2",
            run=lambda: window.panes.split(window.tree.chosen),
            usable=lambda: bool(window.tree.chosen),
        ),
        "find": Action(
            label="&Find", tip="Look for a text in the log or trace.", key="Ctrl+F", run=lambda: _find(window)
        ),
        "next": Action(
            label="Find &next", tip="Go to the next place.", key="F3", run=lambda: _step(window, forward=True)
        ),
        "previous": Action(
            label="Find pre&vious",
            tip="Go to the place before.",
            key="Shift+F3",
            run=lambda: _step(window, forward=False),
        ),
        "open_log": Action(
            label="&Open the log file",
            tip="Open it with this desktop's program.",
            run=lambda: _open_log(window),
            usable=lambda: window.context.local,
        ),
    }


def _to_filter(window: Window) -> None:
    window.filter.entry.focus_set()


def _show_all(window: Window) -> None:
    window.filter.clear()


def _open_log(window: Window) -> None:
    window.panes.active.log.open()


def _turn(window: Window, name: str) -> None:
    pane = window.panes.active
    pane.turn_to(name)
    if name == "edit":
        pane.edit.begin()


def _find(window: Window) -> None:
    if not window.panes.active.find():
        window.filter.entry.focus_set()


def _step(window: Window, *, forward: bool) -> None:
    pane = window.panes.active
    text = pane.trace if pane.tab == "trace" else pane.log
    if forward:
        text.find_next()
    else:
        text.find_previous()


def _zoom(window: Window, factor: float) -> None:
    window.change_look(zoom=round(window.look.zoom * factor, 3))


def _other_theme(window: Window) -> None:
    window.change_look(theme="light" if window.look.theme == "dark" else "dark")


def beside_filter(found: Mapping[str, Action]) -> Sequence[Action]:
    """Return the actions that have a button beside the filter."""
    return [found[name] for name in ("restart", "disconnect", "split")]


def menu_bar(window: Window) -> dict[str, Sequence[Content]]:
    """Return what the menus have."""
    it = window.actions
    entry: list[Content] = row_menu(it, data=window.context.kind.sends)
    return {
        "&File": [it["save"], it["difference"], it["reload"], SEPARATOR, it["quit"]],
        "&View": [
            it["refresh"],
            it["filter"],
            it["show_all"],
            partial(_columns, window),
            partial(_sort, window),
            it["open"],
            it["shut"],
            SEPARATOR,
            it["split"],
            SEPARATOR,
            it["theme"],
            it["larger"],
            it["smaller"],
            it["usual"],
        ],
        "&Entry": entry,
        "&Tools": [it["find"], it["next"], it["previous"], SEPARATOR, it["open_log"]],
        "&Help": [it["help"], it["about"]],
    }


def row_menu(it: Mapping[str, Action], *, data: bool = False) -> list[Content]:
    """Return what the menu of a row has; `data` where entries have files of signals."""
    return [
        it["log"],
        it["trace"],
        it["details"],
        it["edit"],
        it["beside"],
        SEPARATOR,
        it["restart"],
        it["disconnect"],
        it["disable"],
        it["enable"],
        SEPARATOR,
        it["copy"],
        *([it["data"]] if data else []),
    ]


def _columns(window: Window, menu: tk.Menu) -> None:
    below = menu.children.get(_COLUMNS)
    if not isinstance(below, tk.Menu):
        below = tk.Menu(menu, name=_COLUMNS, tearoff=False)
        window.filter.fill_columns(below)
    menu.add_cascade(label="Columns", underline=5, menu=below)


def _sort(window: Window, menu: tk.Menu) -> None:
    below = menu.children.get(_SORT)
    if not isinstance(below, tk.Menu):
        below = tk.Menu(menu, name=_SORT, tearoff=False)
        for column in window.tree.columns.values():
            below.add_command(label=column.heading, command=partial(window.tree.sort_by, column))
    menu.add_cascade(label="Sort by", underline=3, menu=below)


def bind_tree(window: Window) -> None:
    """Let the list's own keys and the right mouse button do what they should."""
    tree = window.tree.tree

    def menu_at(event: tk.Event[tk.Misc]) -> None:
        key, _ = window.tree.place_at(event.x, event.y)
        if key:
            tree.focus_set()
            window.tree.choose(key)
            window.menus.row.tk_popup(event.x_root, event.y_root)

    def menu_by_key(_: tk.Event[tk.Misc]) -> str:
        box = tree.bbox(window.tree.chosen) if window.tree.chosen else ""
        if box:
            window.menus.row.tk_popup(tree.winfo_rootx() + box[0] + box[2] // 4, tree.winfo_rooty() + box[1] + box[3])
        return "break"

    def space(_: tk.Event[tk.Misc]) -> str:
        for pane in window.panes.all:
            if pane.tab == "trace":
                pane.trace.pause()
        return "break"

    tree.bind("<Button-3>", menu_at)
    for sequence in ("<Shift-F10>", "<Menu>"):
        tree.bind(sequence, menu_by_key)
    tree.bind("<space>", space)
    tree.bind("<Control-c>", lambda _: window.errands.copy())


def take_geometry(root: tk.Tk, geometry: str) -> None:
    """Take a geometry that was remembered if it fits the display there is now."""
    found = _GEOMETRY.fullmatch(geometry)
    if found is None:
        return
    width, height, x, y = map(int, found.groups())
    inside = 0 <= x + width // 2 <= root.winfo_vrootwidth() and 0 <= y <= root.winfo_vrootheight() - height // 4
    if inside and width <= root.winfo_screenwidth() and height <= root.winfo_screenheight():
        root.geometry(geometry)


def show_help(window: Window) -> None:
    """Show all keys and signs."""
    parts = [_keys(found) for found in (_file_actions(window), _view_actions(window), _entry_actions(window))]
    general = [
        ("Alt+letter", "The menu with that letter underlined."),
        ("Tab", "The next part of the window; Shift+Tab the one before."),
        ("Shift+F10", "The menu of the selected row."),
        ("Space", "Pause the trace, or let it go on."),
        ("F1", "This help."),
    ]
    states = [(f"{glyph} {state}", MEANINGS[state]) for state, glyph in GLYPHS.items()]
    states.append((f"{HAMPERED} ONLINE", "online, and something hampers it: its reason says what"))
    left = [("Everywhere", general), ("List and file", parts[0] + parts[1]), ("Selected entry", parts[2])]
    right = [("Log, trace, details, edit", _keys(_pane_actions(window))), ("Signs", states)]
    show_table(window.context, "Keys and signs", (left, right))


def _keys(found: Mapping[str, Action]) -> list[tuple[str, str]]:
    return [(action.key, action.tip) for action in found.values() if action.key]


def _about(window: Window) -> None:
    it = window.snapshot
    if it is None:
        return
    rows = [
        ("Program", f"{it.program} {it.version}"),
        ("Machine", f"{it.host}, process {it.pid}"),
        ("File", it.file),
        ("Licence", "GNU General Public License, version 3 or later"),
    ]
    show_table(window.context, "About", [[(window.context.kind.title, rows)]])
