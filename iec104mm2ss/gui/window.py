"""The window of a program: it polls snapshots, hands them to its parts, and passes on what its user asks for."""

from __future__ import annotations

import tkinter as tk
from pathlib import PurePath
from tkinter import ttk
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.rates import Rates
from iec104mm2ss.gui import commands, panes, remembered
from iec104mm2ss.gui.columns import Row
from iec104mm2ss.gui.context import Context
from iec104mm2ss.gui.dialogs import ask
from iec104mm2ss.gui.display import on_loss
from iec104mm2ss.gui.errands import Errands, what_stops
from iec104mm2ss.gui.filter_bar import FilterBar
from iec104mm2ss.gui.foot import Foot
from iec104mm2ss.gui.head import Head
from iec104mm2ss.gui.kinds import KINDS
from iec104mm2ss.gui.look import Look
from iec104mm2ss.gui.menus import Menus
from iec104mm2ss.gui.poll import Poll
from iec104mm2ss.gui.relay import Relay
from iec104mm2ss.gui.send_bar import SendBar
from iec104mm2ss.gui.tooltip import Tooltips
from iec104mm2ss.gui.tree import EntryTree
from iec104mm2ss.gui.words import Weight

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from iec104mm2ss.console.line import Line
    from iec104mm2ss.console.snapshot import Snapshot
    from iec104mm2ss.gui.head import Tile

MOST_FAULTS: Final = 20
"""After so many errors in its own code the window gives up; the program goes on without it."""
CLOSED: Final = "closed"
STOPPED: Final = "stopped"
_ended: Final[list[Window]] = []
_SIZE = (1320, 820)
_AROUND = 96
"""The height of menu bar, title bar and the desktop's own panel."""
_LEAST_HEIGHT = 100
_PREPARE_MS = 2000
_UPPER_SHARE = 0.5


def run_window(
    line: Line,
    program: str,
    *,
    report: Callable[[BaseException], None],
    stop: threading.Event | None = None,
    memory: Path | None = None,
    ready: Callable[[Window], None] | None = None,
    display_lost: Callable[[], None] | None = None,
) -> str:
    """Show the window of `program` until it is closed; return `closed`, or `stopped` where `stop` was set.

    Call it in the main thread. `report` gets every error of the window's own code; the error after which it gives up is
    raised. `memory` is where it remembers its look. `ready` gets the window when it shows its first snapshot. For
    `display_lost` see `display.on_loss`.
    """
    window = Window(line, program, report=report, memory=memory or remembered.file_for(program))
    if ready is not None:
        window.on_ready = ready
    if display_lost is not None:
        on_loss(display_lost)
    # Kept beyond its end: where another thread's garbage collection frees an interpreter of Tk, the process is aborted.
    _ended.append(window)
    return window.run(stop)


class Window:
    """The parts of a window and what goes between them."""

    def __init__(self, line: Line, program: str, *, report: Callable[[BaseException], None], memory: Path) -> None:
        self._report = report
        self._memory = memory
        self._faults = 0
        self._crash: BaseException | None = None
        self._outcome = CLOSED
        self._question: tk.Toplevel | None = None
        self.on_ready: Callable[[Window], None] | None = None
        self.snapshot: Snapshot | None = None
        self.rates = Rates()
        self.remembered, complaint = remembered.recall(memory)
        self.root = tk.Tk(className=program)
        self.root.withdraw()
        self.root.report_callback_exception = self._fault
        self._make(line, program)
        self._recall()
        if complaint:
            self.foot.say(complaint, Weight.NOTICE)
        self.root.deiconify()
        self.refresh()

    # The parts

    def _make(self, line: Line, program: str) -> None:
        self.look = Look(self.root, self.remembered.theme, self.remembered.zoom)
        tips = Tooltips(self.root, self.look)
        self.foot = Foot(self.root, self.look, tips)
        self.context = Context(
            root=self.root,
            kind=KINDS[program],
            look=self.look,
            tips=tips,
            relay=Relay(self.root, line),
            say=self.foot.say,
            refresh=self.refresh,
        )
        self.errands = Errands(self.context, lambda: self.tree.chosen)
        self.head = Head(self.root, self.context, self._tile)
        self.poll = Poll(self.context, self.show, self._age, self.head.lost)
        self.head.unsaved.configure(command=self.errands.save)
        self.halves = ttk.Panedwindow(self.root, orient="vertical")
        upper = ttk.Frame(self.halves)
        self.tree = EntryTree(upper, self.look, self.context.kind.columns)
        self.panes = panes.Panes(self.halves, self.context, self.errands.save)
        self.actions = commands.actions(self)
        self.filter = FilterBar(upper, self.context, self.tree, commands.beside_filter(self.actions))
        self.menus = Menus(
            self.root, self.look, commands.menu_bar(self), commands.row_menu(self.actions, data=self.context.kind.sends)
        )
        self.send_bar = SendBar(self.root, self.context) if self.context.kind.sends else None
        self._lay_out(upper)
        self._connect()

    def _lay_out(self, upper: ttk.Frame) -> None:
        self.filter.pack(fill="x")
        self.tree.pack(fill="both", expand=True)
        self.halves.add(upper, weight=3)
        self.halves.add(self.panes, weight=2)
        self.head.pack(fill="x")
        if self.send_bar is not None:
            self.send_bar.pack(fill="x")
        self.foot.pack(fill="x", side="bottom")
        self.halves.pack(fill="both", expand=True, padx=self.look.px(12))

    def _connect(self) -> None:
        self.root.title(self.context.kind.title)
        self.root.protocol("WM_DELETE_WINDOW", self.ask_to_close)
        self.tree.on_choice = self._chosen
        self.tree.on_wish = self._wished
        self.context.tips.add(self.tree.tree, self.tree.tip_at)
        for action in self.actions.values():
            action.bind(self.root)
        commands.bind_tree(self)

    def _recall(self) -> None:
        look, kind = self.remembered, self.context.kind
        self.filter.show_columns(look.columns or kind.usual)
        self.tree.set_widths({name: float(width) for name, width in look.widths.items()})
        self.filter.abnormal_first.set(look.abnormal_first)
        self.tree.ask(abnormal_first=look.abnormal_first)
        width = min(self.look.px(_SIZE[0]), self.root.winfo_screenwidth())
        height = min(self.look.px(_SIZE[1]), self.root.winfo_screenheight() - self.look.px(_AROUND))
        self.root.minsize(self.look.px(480), self.look.px(320))
        self.root.geometry(f"{width}x{height}")
        commands.take_geometry(self.root, look.geometry)
        self.halves.bind("<Configure>", self._place_sash)
        if look.split:
            self.panes.split()

    def _place_sash(self, event: tk.Event[tk.Misc]) -> None:
        """Divide the window as it was, once it has its height."""
        if event.height > self.look.px(_LEAST_HEIGHT):
            self.halves.unbind("<Configure>")
            share = min(0.9, max(0.1, self.remembered.sashes.get("halves", _UPPER_SHARE)))
            place = round(event.height * share)
            self.root.after_idle(lambda: self.halves.sashpos(0, place))  # type: ignore[no-untyped-call]

    def remember(self) -> None:
        """Write the window's look to its file."""
        look = self.remembered
        look.geometry = self.root.geometry()
        look.theme, look.zoom = self.look.theme, self.look.zoom
        look.columns, look.widths = self.tree.shown_columns, self.tree.widths()
        look.abnormal_first = self.tree.wish.abnormal_first
        look.split = self.panes.second is not None
        place = int(self.halves.sashpos(0))  # type: ignore[no-untyped-call]
        look.sashes = {"halves": place / max(1, self.halves.winfo_height())}
        if failure := remembered.remember(self._memory, look):
            self._report(OSError(failure))

    # Snapshots

    def refresh(self) -> None:
        """Ask for a snapshot now, unless one is on its way."""
        self.poll.now()

    def show(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
        first, self.snapshot = self.snapshot is None, snapshot
        self.context.behind = 0.0
        self.rates.take(snapshot)
        before, self.context.entries = self.context.entries, {entry.key: entry for entry in snapshot.entries}
        chosen, moved = self.tree.chosen, panes.moved(before, self.context.entries)
        self.tree.show([Row(entry, *self.rates.of(entry)) for entry in snapshot.entries])
        self.tree.choose(moved.get(chosen, chosen))
        self.head.show(snapshot)
        self.foot.show(snapshot)
        self.filter.refresh()
        if self.send_bar is not None:
            self.send_bar.show(snapshot.entries)
        self.panes.show(moved)
        if first:
            self._show_first(snapshot)

    def _age(self, seconds: float) -> None:
        """Let the ages of the last snapshot go on, so long after it."""
        self.context.behind = seconds
        self.tree.age(seconds)
        self.head.answers()
        self.panes.show({})

    def _show_first(self, snapshot: Snapshot) -> None:
        attached = " (attached)" if self.context.relay.line.where else ""
        self.root.title(f"{self.context.kind.title} - {PurePath(snapshot.file).name} @ {snapshot.host}{attached}")
        if snapshot.entries:
            self.tree.choose(snapshot.entries[0].key)
        if self.on_ready is not None:
            self.root.after_idle(self.on_ready, self)
        self.root.after(_PREPARE_MS, self.panes.prepare)

    def _tile(self, tile: Tile) -> None:
        self.tree.ask(tile=None if self.tree.wish.tile == tile else tile)

    def _chosen(self, key: str) -> None:
        self.panes.follow(key)
        self.filter.refresh()

    def _wished(self) -> None:
        self.head.choose(self.tree.wish.tile)
        self.filter.refresh()

    # The look

    def change_look(self, theme: str = "", zoom: float = 0.0) -> None:
        """Take another theme or another size."""
        widths = self.tree.widths()
        self.look.change(theme or self.look.theme, zoom or self.look.zoom)
        self.tree.set_widths(widths)
        self.tree.restyle()
        self.panes.restyle()
        self.menus.restyle()

    # The end

    def ask_to_close(self) -> None:
        """Close the window; ask first where the program ends with it."""
        if self.context.relay.line.where:
            self.close()
        elif self._question is None or not self._question.winfo_exists():
            entries = self.context.entries.values()
            lines = (f"Stop the {self.context.kind.title}?", what_stops(entries))
            self._question = ask(self.context, "Quit", lines, "&Stop", self.close)

    def close(self) -> None:
        """Close the window, remembering its look."""
        self.remember()
        self._end()

    def _end(self) -> None:
        for pane in self.panes.all:
            pane.close()
        self.context.relay.close()
        self.context.tips.hide()
        self._destroy()

    def _destroy(self) -> None:
        # Tk would still call what it was asked to call later, and complain that it is not there.
        for timer in self.root.tk.splitlist(self.root.tk.call("after", "info")):
            self.root.tk.call("after", "cancel", timer)
        self.root.destroy()

    def _fault(self, _kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        """Report an error of a callback; the window goes on, unless they do not end."""
        self._faults += 1
        self._report(error)
        if self.context.relay.closed:
            return
        if self._faults >= MOST_FAULTS or not isinstance(error, Exception):
            self._crash = error
            self._destroy()
        else:
            self.foot.say(f"internal error of the window: {error!r}; the program's log has more", Weight.ALARM)

    def run(self, stop: threading.Event | None = None) -> str:
        """Work until the window is closed; see `run_window`."""
        if stop is not None:
            self.context.relay.on_tick = lambda: self._stop_if(stop)
        self.root.mainloop()
        if self._crash is not None:
            raise self._crash
        return self._outcome

    def _stop_if(self, stop: threading.Event) -> None:
        if stop.is_set():
            self._outcome = STOPPED
            self.close()
