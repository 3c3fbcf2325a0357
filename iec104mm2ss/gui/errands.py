"""What a user lets the program do: each asks first where somebody is disconnected by it, and says what came of it."""

from __future__ import annotations

from pathlib import PurePath
from tkinter import filedialog
from typing import TYPE_CHECKING

from iec104mm2ss.console.requests import Denied, Diff, Disable, Disconnect, Done, Enable, Reload, Restart, Save, Show
from iec104mm2ss.console.snapshot import Details, Role, State
from iec104mm2ss.console.table import many
from iec104mm2ss.gui.dialogs import ask, show_difference
from iec104mm2ss.gui.opening import open_file
from iec104mm2ss.gui.words import Weight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iec104mm2ss.console.requests import Answer, Request
    from iec104mm2ss.console.snapshot import Entry
    from iec104mm2ss.gui.context import Context

_MOST_NAMES = 12


class Errands:
    """Works on the entry whose key `chosen` returns."""

    def __init__(self, context: Context, chosen: Callable[[], str]) -> None:
        self._context = context
        self._chosen = chosen

    @property
    def entry(self) -> Entry | None:
        """The chosen entry."""
        return self._context.entries.get(self._chosen())

    def can_change(self) -> bool:
        """Whether the program takes changes from this window."""
        return self._context.may_change

    def can_act(self) -> bool:
        """Whether there is an entry that something can be done with."""
        return self._context.may_change and self.entry is not None

    def can_disconnect(self) -> bool:
        """Whether anybody is connected to the entry."""
        return self.can_act() and bool(self.entry and self.entry.peer)

    def is_on(self) -> bool:
        """Whether the entry can be disabled."""
        return self.can_act() and bool(self.entry and self.entry.state is not State.DISABLED)

    def is_off(self) -> bool:
        """Whether the entry can be enabled."""
        return self.can_act() and bool(self.entry and self.entry.state is State.DISABLED)

    def restart(self) -> None:
        """Restart the entry."""
        self._with_drops("Restart", Restart, "Its connection is opened anew.")

    def disconnect(self) -> None:
        """Close the entry's connections."""
        self._with_drops("Disconnect", Disconnect, "Who was there may come back at once.")

    def disable(self) -> None:
        """Switch the entry off."""
        self._with_drops("Disable", Disable, "It stays closed until it is enabled, or the program starts again.")

    def enable(self) -> None:
        """Switch the entry on."""
        if self.entry is not None:
            self._ask(Enable(self.entry.key))

    def _with_drops(self, verb: str, request: Callable[[str], Request], remark: str) -> None:
        """Ask what would be disconnected, ask the user where anything is, and do it."""
        entry = self.entry
        if entry is None:
            return

        def know(answer: Answer) -> None:
            drops = answer.drops if isinstance(answer, Details) else ()
            if isinstance(answer, Denied) or not drops:
                self._ask(request(entry.key))
                return
            lines = (f"{verb} {entry.key} {entry.name}?", f"This disconnects: {names(drops)}.", remark)
            ask(self._context, verb, lines, f"&{verb}", lambda: self._ask(request(entry.key)))

        self._context.relay.ask(Show(entry.key), know, self._context.lost)

    def _ask(self, request: Request) -> None:
        self._context.relay.ask(request, self._context.outcome, self._context.lost)

    # The file

    def save(self) -> None:
        """Show what differs from the file, and write it when the user says so."""
        choices = (("&Save", lambda: self._ask(Save())), ("Save &as…", self.save_as)) if self.can_change() else ()
        lead = "These rows are written; all others and every comment stay. The file as it was stays beside it as .bak."
        self._with_difference("Save to file", lead, choices)

    def difference(self) -> None:
        """Show what differs from the file."""
        self._with_difference("Unsaved changes", "What runs differs from the file in these rows.", ())

    def _with_difference(self, title: str, lead: str, choices: Iterable[tuple[str, Callable[[], None]]]) -> None:
        def know(answer: Answer) -> None:
            if not isinstance(answer, Done):
                self._context.outcome(answer)
            elif not answer.text:
                self._context.say("nothing differs from the file", Weight.NORMAL)
            else:
                show_difference(self._context, title, lead, answer.text, choices)

        self._context.relay.ask(Diff(), know, self._context.lost)

    def save_as(self) -> None:
        """Write the file under another name."""
        path = filedialog.asksaveasfilename(
            parent=self._context.root, title="Save as", defaultextension=".csv", filetypes=[("CSV", "*.csv")]
        )
        if path:
            self._ask(Save(path))

    def reload(self) -> None:
        """Show what a reload would change, and do it when the user says so."""

        def know(answer: Answer) -> None:
            if isinstance(answer, Done):
                choices = (("&Reload", lambda: self._ask(Reload())),)
                lead = "What a reload does; everything else goes on untouched."
                show_difference(self._context, "Reload the file", lead, answer.text, choices)
            else:
                self._context.outcome(answer)

        self._context.relay.ask(Reload(check=True), know, self._context.lost)

    def open_data(self) -> None:
        """Open the file of a simulated RTU's signals; what is changed in it counts at once."""
        data = self.entry.sending.data if self.entry and self.entry.sending else ""
        if failure := open_file(data):
            self._context.say(failure, Weight.ALARM)
        else:
            self._context.say(
                f"{PurePath(data).name} is being opened; what you save in it counts at once", Weight.NORMAL
            )

    def has_data(self) -> bool:
        """Whether the entry has a file of signals on this machine."""
        return self._context.local and bool(self.entry and self.entry.sending and self.entry.sending.data)

    def copy(self) -> None:
        """Put the entry onto the clipboard, as one line."""
        it = self.entry
        if it is not None:
            values = (it.key, it.name, it.state, it.peer, it.address, f"CA {it.ca}", it.reason or it.event)
            self._context.root.clipboard_clear()
            self._context.root.clipboard_append("\t".join(str(value) for value in values))
            self._context.say(f"{it.key} {it.name} is on the clipboard", Weight.NORMAL)


def names(drops: tuple[str, ...]) -> str:
    """Return names in one line, the number of those that are too many at its end."""
    further = len(drops) - _MOST_NAMES
    return ", ".join(drops[:_MOST_NAMES]) + (f" and {further} more" if further > 0 else "")


def what_stops(entries: Iterable[Entry]) -> str:
    """Return what ends with the program: `51 RTUs and 148 masters will be disconnected`."""
    connected = [entry.role for entry in entries if entry.peer]
    rtus, masters = connected.count(Role.RTU), connected.count(Role.MASTER)
    parts = [many(rtus, "RTU")] * bool(rtus) + [many(masters, "master")] * bool(masters)
    return f"{' and '.join(parts)} will be disconnected." if parts else "Nobody is connected at the moment."
