"""The Edit tab: the fields of an entry in light yellow, checked while somebody types, applied by a restart."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.console.requests import Denied, Edit, Edited
from iec104mm2ss.gui.action import Action
from iec104mm2ss.gui.dialogs import ask
from iec104mm2ss.gui.fields import FormField
from iec104mm2ss.gui.forms import field_form
from iec104mm2ss.gui.scrolled import Scrolled
from iec104mm2ss.gui.words import Weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.console.requests import Answer
    from iec104mm2ss.console.snapshot import Details
    from iec104mm2ss.gui.context import Context

CHECK_MS = 200
"""How long after the last key a check begins."""


class EditPane(ttk.Frame):
    """A form for one entry. `save` is called to write the file."""

    def __init__(self, parent: tk.Misc, context: Context, save: Callable[[], None]) -> None:
        super().__init__(parent)
        self.context = context
        self.fields: dict[str, FormField] = {}
        self._save = save
        self._details: Details | None = None
        self._timer: str | None = None
        self._number = 0
        self._applying = False
        self._checked: Edited | None = None
        px = context.look.px
        self._bar = ttk.Frame(self, padding=(px(12), px(6)))
        self._bar.pack(side="bottom", fill="x")
        self.verdict = ttk.Label(self._bar, justify="left")
        self._presses = ttk.Frame(self._bar)
        self._scrolled = Scrolled(self, context)
        self._scrolled.pack(fill="both", expand=True)
        self._form = self._scrolled.inside
        self._form.configure(padding=(px(12), px(8)))
        self._rows: list[ttk.Frame] = []
        self._scrolled.canvas.bind("<Configure>", lambda _: self._place(), add=True)
        self.apply_button, self.revert_button, self.file_button, self.save_button = self._buttons()
        self._bar.bind("<Configure>", lambda event: self._place_bar(event.width))

    def _buttons(self) -> list[ttk.Button]:
        may_change = self.context.may_change
        actions = (
            Action(
                label="&Apply and restart",
                tip="Restart this entry with what stands here. The file is not changed.",
                run=self.apply,
            ),
            Action(label="&Revert", tip="Put back what runs now.", run=self.revert),
            Action(label="As in the &file", tip="Put in what the file says.", run=self.as_in_file),
            Action(
                label="&Save to file…",
                tip="See what differs from the file, and write it.",
                run=self._save,
                key="Ctrl+S",
            ),
        )
        made = [action.button(self._presses, self.context.tips) for action in actions]
        made[0].configure(style="Main.TButton")
        for button in made:
            button.pack(side="left", padx=(0, self.context.look.px(8)))
            button.state(["!disabled" if may_change else "disabled"])
        return made

    def _place_bar(self, width: int) -> None:
        """Say what a restart does beside the buttons, or above them where there is no room."""
        taken, margin = self._presses.winfo_reqwidth(), self.context.look.px(30)
        beside = width > 2 * taken
        self.verdict.grid(row=0, column=int(beside), sticky="w")
        self._presses.grid(row=1 - int(beside), column=0, sticky="nw")
        self.verdict.configure(wraplength=width - margin - taken * beside)

    def restyle(self) -> None:
        """Take the colours of the look."""
        self._scrolled.restyle()

    # What runs

    def detail(self, details: Details) -> None:
        """Show what runs; what somebody has typed stays."""
        names = [field.name for field in details.fields]
        before = self._details
        self._details = details
        if before is None or before.entry.role is not details.entry.role or names != list(self.fields):
            self._remake(details)
        elif before.entry.key != details.entry.key:
            self._reuse()
        for field in details.fields:
            self.fields[field.name].take(field.value, field.saved)
        if before is None or before.drops != details.drops or not self.cells():
            self._say()

    def _remake(self, details: Details) -> None:
        for old in self.fields.values():
            old.destroy()
        self.fields = {}
        for field in details.fields:
            label, width, tip = field_form(field.name, details.entry.role, self.context.kind)
            made = FormField(self._form, self.context, label, width, tip)
            made.on_change = self._typed
            made.on_enter = self.apply
            self.fields[field.name] = made
        self._checked = None
        # Only then do the fields know how wide they want to be.
        self.update_idletasks()
        self._place()
        self._scrolled.let_scroll(self._form)

    def _reuse(self) -> None:
        for field in self.fields.values():
            field.forget()
        self._checked = None

    def _place(self) -> None:
        """Put as many fields beside each other as there is room for, and below them what is wrong with them."""
        for row in self._rows:
            row.destroy()
        self._rows = []
        gap, room = self.context.look.px(16), 0
        for field in self.fields.values():
            need = field.winfo_reqwidth() + gap
            if need > room:
                room = self._scrolled.canvas.winfo_width() - gap
                self._rows.append(ttk.Frame(self._form))
                self._rows[-1].pack(fill="x", pady=(0, gap // 4))
            room -= need
            field.pack(in_=self._rows[-1], side="left", anchor="n", padx=(0, gap))
            field.lift()
        self._place_messages()

    def _place_messages(self) -> None:
        wrap = self._scrolled.canvas.winfo_width() - self.context.look.px(30)
        for field in self.fields.values():
            field.message.pack_forget()
            if field.message.cget("text"):
                field.message.configure(wraplength=wrap)
                field.message.pack(after=field.pack_info()["in"], anchor="w")

    def cells(self) -> dict[str, str]:
        """Return the fields that say something else than what runs."""
        return {name: field.text for name, field in self.fields.items() if field.changed}

    # Checks

    def _typed(self) -> None:
        self._checked = None
        self._number += 1
        if self._timer is not None:
            self.after_cancel(self._timer)
        self._timer = self.after(CHECK_MS, self._check)
        self._enable()

    def _check(self) -> None:
        self._timer = None
        cells = self.cells()
        if self._details is None or not cells:
            self._judge(Edited((), (), ()))
            return
        number = self._number
        edit = Edit(self._details.entry.key, cells, check=True)
        self.context.relay.ask(edit, lambda answer: self._checked_as(number, answer), self.context.lost)

    def _checked_as(self, number: int, answer: Answer) -> None:
        if number != self._number or not self.winfo_exists():
            return
        if isinstance(answer, Edited):
            self._judge(answer)
        elif isinstance(answer, Denied):
            self._tell(answer.text, "Alarm.TLabel")

    def _judge(self, edited: Edited) -> None:
        """Show what is wrong at the fields, and what would happen below them."""
        self._checked = edited
        for name, field in self.fields.items():
            field.judge([problem for problem in edited.problems if problem.field == name])
        self._place_messages()
        self._say()

    def _say(self) -> None:
        self._enable()
        edited = self._checked
        others = [it for it in edited.problems if it.field not in self.fields] if edited else []
        if edited is not None and (others or any(problem.refused for problem in edited.problems)):
            text = "\n".join(it.text for it in others) or "Nothing is changed while a field is wrong."
            self._tell(text, "Alarm.TLabel")
        elif edited is not None and self.cells():
            self._tell(f"{'; '.join(edited.changes)}\n{_consequence(edited.drops)}".strip(), "TLabel")
        elif self._details is not None:
            drops = self._details.drops
            self._tell("Nothing differs from what runs. " + _consequence(drops), "Dim.TLabel")

    def _tell(self, text: str, style: str) -> None:
        if (str(self.verdict.cget("text")), str(self.verdict.cget("style"))) != (text, style):
            self.verdict.configure(text=text, style=style)

    def _enable(self) -> None:
        edited, changed = self._checked, bool(self.cells())
        ready = changed and edited is not None and not any(problem.refused for problem in edited.problems)
        may = self.context.may_change
        self.apply_button.state(["!disabled" if ready and may and not self._applying else "disabled"])
        self.revert_button.state(["!disabled" if changed else "disabled"])
        differs = any(field.text != field.saved for field in self.fields.values())
        self.file_button.state(["!disabled" if differs and may else "disabled"])

    # What is done

    def apply(self) -> None:
        """Restart the entry with what was typed, after a question where somebody is disconnected by it."""
        details, edited = self._details, self._checked
        if details is None or edited is None or self.apply_button.instate(["disabled"]):
            return
        edit = Edit(details.entry.key, self.cells())
        if not edited.drops:
            self._send(edit)
            return
        lines = (
            f"Restart {details.entry.key} {details.entry.name}?",
            f"This disconnects: {', '.join(edited.drops)}.",
            *edited.changes,
            "The file is not changed until you save it.",
        )
        ask(self.context, "Apply and restart", lines, "&Restart", lambda: self._send(edit))

    def _send(self, edit: Edit) -> None:
        self._applying = True
        self._enable()
        self.context.say(f"{edit.key} is being restarted…", Weight.NORMAL)
        self.context.relay.ask(edit, self._applied, self._not_applied)

    def _applied(self, answer: Answer) -> None:
        self._applying = False
        if isinstance(answer, Edited):
            self._judge(answer)
            if not any(problem.refused for problem in answer.problems):
                self.accept_typed()
        self.context.edited(answer)

    def _not_applied(self, error: ConnectionError) -> None:
        self._applying = False
        self._enable()
        self.context.lost(error)

    def accept_typed(self) -> None:
        """Take what was typed as what runs."""
        for field in self.fields.values():
            field.take(field.text, field.saved)
        self._typed()

    def revert(self) -> None:
        """Put back what runs now."""
        for field in self.fields.values():
            field.text = field.value

    def as_in_file(self) -> None:
        """Put in what the file says."""
        for field in self.fields.values():
            field.text = field.saved

    def begin(self) -> None:
        """Put the focus on the first field."""
        for field in self.fields.values():
            field.entry.focus_set()
            field.entry.selection_range(0, "end")
            return


def _consequence(drops: tuple[str, ...]) -> str:
    if not drops:
        return "A restart disconnects nobody."
    return f"A restart disconnects: {', '.join(drops)}."
