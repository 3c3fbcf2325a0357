"""A text that grows at its end: bounded, follows its end until somebody scrolls up, and can be searched."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.console.table import many
from iec104mm2ss.gui.scrollbar import Scrollbar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iec104mm2ss.gui.context import Context

KEPT = 5000
"""Lines; the oldest go first."""
_MOST_FOUND = 2000

Piece = tuple[str, str]
"""A text and the names of its tags, separated by blanks."""
LineOfText = tuple[Piece, ...]


class Transcript(ttk.Frame):
    """A read-only text with a bar above it; owners put their own buttons into `bar`."""

    def __init__(self, parent: tk.Misc, context: Context, tip: str) -> None:
        super().__init__(parent, style="Surface.TFrame")
        self.context = context
        self.wanted = tk.StringVar(self)
        self._found = tk.StringVar(self)
        self._state = tk.StringVar(self)
        self._unseen = 0
        self.following = True
        self._odd = 0
        self._end = "end"
        """The first line that is seen where the last one is seen, too."""
        both = ttk.Frame(self, padding=context.look.px(4))
        self.bar, self._finding = ttk.Frame(both), ttk.Frame(both)
        self.text = tk.Text(self, wrap="none", state="disabled", undo=False, exportselection=True)
        self._down = Scrollbar(self, orient="vertical", command=self._scroll)
        across = Scrollbar(self, orient="horizontal", command=self.text.xview)
        self.text.configure(yscrollcommand=self._down.set, xscrollcommand=across.set)
        both.grid(row=0, column=0, columnspan=2, sticky="we")
        both.columnconfigure(1, weight=1)
        both.bind("<Configure>", lambda event: self._lay_out(event.width))
        self.text.grid(row=1, column=0, sticky="nswe")
        self._down.grid(row=1, column=1, sticky="ns")
        across.grid(row=2, column=0, sticky="we")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        context.tips.add(both, tip)
        self.find_entry = self._find_row()
        self._keys()
        self.restyle()

    def _find_row(self) -> ttk.Entry:
        context = self.context
        state = ttk.Button(self._finding, textvariable=self._state, style="Quiet.TButton", command=self.to_end)
        state.pack(side="right")
        context.tips.add(state, "Whether new lines are followed. Scroll up to stay where you are; press End to follow.")
        ttk.Label(self._finding, textvariable=self._found, style="Dim.TLabel", width=10).pack(side="right")
        for text, step, tip in (("▼", self.find_next, "Next place (F3)"), ("▲", self.find_previous, "Previous place")):
            button = ttk.Button(self._finding, text=text, style="Quiet.TButton", command=step)
            button.pack(side="right")
            context.tips.add(button, tip)
        entry = ttk.Entry(self._finding, textvariable=self.wanted, width=22)
        entry.pack(side="right")
        context.tips.add(entry, "Text to look for (Ctrl+F); Enter goes to the next place, Escape clears it.")
        ttk.Label(self._finding, text="Find").pack(side="right", padx=(0, context.look.px(4)))
        self.wanted.trace_add("write", lambda *_: self._mark_all())
        return entry

    def _lay_out(self, width: int) -> None:
        """Put the two halves of the bar side by side, or below each other where there is no room."""
        below = self.bar.winfo_reqwidth() + self._finding.winfo_reqwidth() > width - self.context.look.px(8)
        self.bar.grid(row=0, column=0, sticky="w")
        self._finding.grid(row=int(below), column=0 if below else 1, columnspan=2 if below else 1, sticky="we")

    def _keys(self) -> None:
        self.find_entry.bind("<Return>", lambda _: self.find_next())
        self.find_entry.bind("<Shift-Return>", lambda _: self.find_previous())
        self.find_entry.bind("<Escape>", lambda _: self.wanted.set(""))
        self.text.bind("<End>", lambda _: self.to_end())
        self.text.bind("<Button-1>", lambda _: self.text.focus_set(), add=True)
        for sequence in ("<MouseWheel>", "<Button-4>", "<Button-5>", "<KeyPress>", "<B1-Motion>"):
            self.text.bind(sequence, lambda _: self.after_idle(self._look), add=True)
        self.text.bind("<Configure>", lambda event: self._resized(event.height), add=True)

    def restyle(self) -> None:
        """Take the colours of the look, and its measures."""
        self.context.look.dress(self.text)
        self._resized(self.text.winfo_height())

    # Lines

    def _look(self) -> None:
        """Follow the end if it is seen after somebody has scrolled."""
        self.following = self.text.yview()[1] >= 1.0 or self.text.compare("@0,0", ">=", self._end)
        self._unseen *= not self.following
        self._say_state()

    def _scroll(self, *where: str) -> None:
        self.text.yview(*where)
        self._look()

    def _resized(self, height: int) -> None:
        """Let the room above and below the lines be what is left over, so that no line is cut in two."""
        margin = self.context.look.text_margin()
        half, self._odd = divmod((height - 2 * margin) % self.context.look.text_line(), 2)
        self.text.configure(pady=margin + half)
        self._end = "end"
        self._keep_end()

    def _keep_end(self) -> None:
        """Go on showing the end when there is less room, or more."""
        if self.following:
            self.text.yview_moveto(1.0)
            # Not as far as the empty line behind the last one. Units would count hidden lines, too.
            self.text.yview_scroll(self._odd - self.context.look.text_line(), "pixels")
            self._end = self.text.index("@0,0")

    def add(self, lines: Sequence[LineOfText]) -> None:
        """Put lines at the end."""
        if not lines:
            return
        lines = lines[-KEPT:]
        first = int(self.text.index("end-1c").split(".")[0])
        # A line's end has its tags, so that nothing is left of a hidden line.
        ended = [piece for line in lines for piece in (*line, ("\n", line[-1][1]))]
        pieces = [part for text, tags in ended for part in (text, tuple(tags.split()))]
        self.text.configure(state="normal")
        self.text.insert("end", *pieces)  # type: ignore[arg-type]
        self._mark(f"{first}.0")
        excess = self.line_count - KEPT
        if excess > 0:
            self.text.delete("1.0", f"{excess + 1}.0")
        self.text.configure(state="disabled")
        self._unseen = 0 if self.following else self._unseen + len(lines)
        self._keep_end()
        self._say_state()

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        return int(self.text.index("end-1c").split(".")[0]) - 1

    def clear(self) -> None:
        """Take all lines away."""
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        self.text.configure(state="disabled")
        self.to_end()

    def to_end(self) -> None:
        """Show the end, and follow it."""
        self.following, self._unseen = True, 0
        self._keep_end()
        self._say_state()

    def _say_state(self) -> None:
        if self.following:
            self._state.set("follows")
        else:
            self._state.set(f"{many(self._unseen, 'new line')} ▼" if self._unseen else "stands still ▼")

    def content(self) -> str:
        """Return what is selected, or all lines."""
        if self.text.tag_ranges("sel"):
            return self.text.get("sel.first", "sel.last")
        return self.text.get("1.0", "end-1c")

    def copy(self) -> None:
        """Put what is selected, or all lines, onto the clipboard."""
        self.clipboard_clear()
        self.clipboard_append(self.content())

    # Find

    def find(self) -> None:
        """Let the text to look for be typed."""
        self.find_entry.focus_set()
        self.find_entry.selection_range(0, "end")

    def _mark_all(self) -> None:
        self.text.tag_remove("found", "1.0", "end")
        self.text.tag_remove("place", "1.0", "end")
        self._mark("1.0")

    def _mark(self, start: str) -> None:
        wanted = self.wanted.get().lower()
        if not wanted:
            self._found.set("")
            return
        first = int(start.split(".", maxsplit=1)[0])
        places: list[str] = []
        for number, line in enumerate(self.text.get(start, "end").lower().split("\n"), first):
            at = line.find(wanted)
            while at >= 0 and len(places) < 2 * _MOST_FOUND:
                places += [f"{number}.{at}", f"{number}.{at + len(wanted)}"]
                at = line.find(wanted, at + len(wanted))
        if places:
            self.text.tag_add("found", *places)
        self._found.set(f"{len(self.text.tag_ranges('found')) // 2} found")

    def find_next(self) -> None:
        """Go to the next place; after the last one comes the first."""
        here = self.text.tag_ranges("place")
        self._go(
            self.text.tag_nextrange("found", here[1] if here else "@0,0") or self.text.tag_nextrange("found", "1.0")
        )

    def find_previous(self) -> None:
        """Go to the previous place; before the first one comes the last."""
        here = self.text.tag_ranges("place")
        before = self.text.tag_prevrange("found", here[0] if here else "@0,0")
        self._go(before or self.text.tag_prevrange("found", "end"))

    def _go(self, place: tuple[str, str] | tuple[()]) -> None:
        self.text.tag_remove("place", "1.0", "end")
        if place:
            self.text.tag_add("place", *place)
            self.text.see(place[0])
            self._look()
