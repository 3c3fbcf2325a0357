"""The data files of a simulation: each is read once, however many RTUs share it, and looked at again before use."""

import logging
from collections.abc import Callable, Collection
from pathlib import Path

from iec104mm2ss.settings.problems import Problem
from iec104mm2ss.simulator.database import Database, Edit


class DataFiles:
    """The databases by path. What is wrong in a file goes to `log`; what became of an edit is told to `on_edit` too."""

    def __init__(self, log: logging.Logger, on_edit: Callable[[Path, str], None]) -> None:
        self._log = log
        self._on_edit = on_edit
        self._databases: dict[Path, Database] = {}

    def database(self, path: Path) -> Database:
        """Return the database of a file, which has been read then."""
        database = self._databases.get(path)
        if database is None:
            database = self._databases[path] = Database(path)
            self._report(database.refresh())
        return database

    def keep(self, paths: Collection[Path]) -> None:
        """Forget all other files."""
        self._databases = {path: database for path, database in self._databases.items() if path in paths}

    def refresh(self, database: Database) -> None:
        """Take over an edit, if there was one."""
        edit = database.refresh()
        if edit is not None:
            self._report(edit)
            fate = "is in use" if edit.taken else "cannot be used, what was there before stays in use"
            text = f"the edit of {database.path.name} {fate}: {len(database.signals)} signals"
            self._log.log(logging.INFO if edit.taken else logging.ERROR, "%s", text)
            self._on_edit(database.path, text)

    def _report(self, edit: Edit | None) -> None:
        report(edit.problems if edit is not None else (), self._log)


def report(problems: tuple[Problem, ...], log: logging.Logger) -> None:
    """Log what is wrong with a file."""
    for problem in problems:
        log.log(logging.ERROR if problem.refused else logging.WARNING, "%s", problem)
