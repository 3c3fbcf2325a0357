import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from iec104mm2ss.console.desk import WINDOW, Desk
from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.console.requests import (
    Denied,
    Diff,
    Disable,
    Disconnect,
    Done,
    Edit,
    Edited,
    Enable,
    FieldProblem,
    Frame,
    Item,
    Lines,
    Log,
    Reload,
    Request,
    Restart,
    Save,
    Send,
    Show,
    Status,
    Trace,
    Unchanged,
)
from iec104mm2ss.console.snapshot import Details, Field, Snapshot, State
from iec104mm2ss.settings.site import Site
from tests.console.plant import TEXT, Plant, desk_of

MASTER_LINE = 6


def with_desk(folder: Path, test: Callable[[Desk[Site], Plant], Coroutine[Any, Any, None]], text: str = TEXT) -> None:
    async def run() -> None:
        await test(*desk_of(folder, text))

    asyncio.run(run())


def ask(folder: Path, *requests: Request, text: str = TEXT) -> tuple[list[object], Plant]:
    """The answers of one desk, and what its plant has become."""
    answers: list[object] = []

    async def run() -> Plant:
        desk, plant = desk_of(folder, text)
        answers.extend([await desk.answer(request, "tester") for request in requests])
        return plant

    return answers, asyncio.run(run())


def test_status_names_the_program_the_file_and_every_entry_in_file_order(tmp_path: Path) -> None:
    [snapshot], _ = ask(tmp_path, Status())
    assert isinstance(snapshot, Snapshot)
    assert (snapshot.program, snapshot.host, snapshot.pid) == ("iec104mm2ss", "opsrv1", 4711)
    assert snapshot.file == str(tmp_path / "site.csv")
    assert [entry.key for entry in snapshot.entries] == ["111/S", "111/2406", "111/2407", "112/S", "112/2507"]
    assert [entry.line for entry in snapshot.entries] == [3, 4, 6, 7, 8]


def test_status_counts_edits_and_rows_that_are_not_taken(tmp_path: Path) -> None:
    answers, _ = ask(tmp_path, Edit("111/2407", {"k": "16"}), Status(), text=TEXT + "112,,x,95,Y,\n")
    snapshot = answers[1]
    assert isinstance(snapshot, Snapshot)
    assert [entry.key for entry in snapshot.entries if entry.edited] == ["111/2407"]
    assert (snapshot.unsaved, snapshot.refused) == (1, 1)


def test_status_is_short_where_nothing_has_happened_since(tmp_path: Path) -> None:
    async def test(desk: Desk[Site], plant: Plant) -> None:
        snapshot = await desk.answer(Status(), "tester")
        assert isinstance(snapshot, Snapshot)
        assert await desk.answer(Status(snapshot.mark), "tester") == Unchanged()
        plant.states["111/S"] = (State.RETRYING, "refused")
        after = await desk.answer(Status(snapshot.mark), "tester")
        assert isinstance(after, Snapshot)
        assert after.mark != snapshot.mark

    with_desk(tmp_path, test)


def test_an_edit_that_nothing_comes_of_is_no_unchanged_status(tmp_path: Path) -> None:
    async def test(desk: Desk[Site], plant: Plant) -> None:
        plant.pulse = lambda: 1  # type: ignore[method-assign]
        snapshot = await desk.answer(Status(), "tester")
        assert isinstance(snapshot, Snapshot)
        await desk.answer(Edit("111/2407", {"name": "OSI-9"}), "tester")
        assert isinstance(await desk.answer(Status(snapshot.mark), "tester"), Snapshot)

    with_desk(tmp_path, test)


def test_details_have_the_row_as_it_is_and_as_the_file_has_it(tmp_path: Path) -> None:
    answers, _ = ask(tmp_path, Edit("111/2407", {"port": "2410"}), Show("111/2410"))
    details = answers[1]
    assert isinstance(details, Details)
    assert Field(name="port no", value="2410", saved="2407") in details.fields
    assert Field(name="options", value="k=20", saved="k=20") in details.fields
    assert details.log_file == str(tmp_path / "111-2410.log")
    assert (details.drops, details.refused[0].host) == (("2410",), "10.9.9.9")


def test_an_unknown_entry_is_answered_with_its_nearest_name(tmp_path: Path) -> None:
    [answer], _ = ask(tmp_path, Show("111/OSI-2"))
    assert isinstance(answer, Denied)
    assert "111/2407 (OSI-1)" in answer.text


@pytest.mark.parametrize(
    ("request_", "done", "said"),
    [
        (Restart("111/OSI-1"), "restart 111/2407", "111/2407 OSI-1 is restarted; disconnected: 2407"),
        (Disconnect("111"), "disconnect 111/S", "111/S RTU-ABB is disconnected; disconnected: S"),
        (Disable("liwa"), "disable 112/S", "112/S Liwa is disabled; disconnected: S"),
        (Enable("112/s"), "enable 112/S", "112/S Liwa is enabled"),
    ],
)
def test_an_action_reaches_the_entry_that_is_meant(tmp_path: Path, request_: Request, done: str, said: str) -> None:
    answers, plant = ask(tmp_path, request_)
    assert (answers, plant.done) == ([Done(said)], [done])


def test_an_edit_touches_its_row_and_is_not_in_the_file(tmp_path: Path) -> None:
    answers, plant = ask(tmp_path, Edit("111/2407", {"rtu no": "33"}), Diff())
    assert answers[0] == Edited((), ("111/2407",), ("111/2407 differs",))
    assert plant.done == ["111/2407 differs"]
    assert plant.site.groups[0].masters[1].ca == 33
    diff = answers[1]
    assert isinstance(diff, Done)
    assert "+111,OSI-1,2407,33,Y,127.0.0.1,k=20" in diff.text.splitlines()
    assert (tmp_path / "site.csv").read_text(encoding="utf-8") == TEXT


def test_a_checked_edit_says_what_would_be_and_does_nothing(tmp_path: Path) -> None:
    answers, plant = ask(tmp_path, Edit("111/2407", {"port": "2410"}, check=True), Diff())
    assert answers == [Edited((), ("111/2407",), ("111/2407 is removed", "111/2410 is added")), Done("")]
    assert plant.done == []


def test_a_bad_edit_is_refused_at_its_field(tmp_path: Path) -> None:
    answers, plant = ask(tmp_path, Edit("111/2407", {"port no": "2406"}), Diff())
    edited = answers[0]
    assert isinstance(edited, Edited)
    assert [(problem.field, problem.refused) for problem in edited.problems] == [("port no", True)]
    assert (edited.changes, plant.done, answers[1]) == ((), [], Done(""))


@pytest.mark.parametrize(
    ("cells", "options"),
    [
        ({"w": "6"}, "k=20, w=6"),
        ({"K": "16"}, "k=16"),
        ({"k": ""}, ""),
        ({"t1": ""}, "k=20"),
        ({"options": "max=2", "w": "4"}, "max=2, w=4"),
    ],
)
def test_an_option_is_edited_by_its_name(tmp_path: Path, cells: dict[str, str], options: str) -> None:
    answers, _ = ask(tmp_path, Edit("111/2407", cells), Show("111/2407"))
    details = answers[1]
    assert isinstance(details, Details)
    assert next(field.value for field in details.fields if field.name == "options") == options


def test_an_unknown_option_is_refused(tmp_path: Path) -> None:
    [edited], plant = ask(tmp_path, Edit("111/2407", {"takeovr": "new"}))
    assert isinstance(edited, Edited)
    [problem] = edited.problems
    assert isinstance(problem, FieldProblem)
    assert (problem.field, problem.refused) == ("options", True)
    assert "takeover" in problem.text
    assert plant.done == []


def test_saving_writes_the_edits_and_leaves_none(tmp_path: Path) -> None:
    answers, _ = ask(tmp_path, Edit("111/2407", {"k": "16"}), Save(), Diff())
    assert answers[1:] == [Done(f"{tmp_path / 'site.csv'} is written, with 1 edit"), Done("")]
    assert (tmp_path / "site.csv").read_text(encoding="utf-8") == TEXT.replace("k=20", "k=16")


def test_a_copy_is_saved_beside_the_file_only(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    answers, _ = ask(tmp_path, Save("other.csv"), Save("sub/other.csv"), Save("other.csv"), Save("a\0b"))
    assert answers[0] == Done(f"{tmp_path / 'other.csv'} is written, with 0 edits")
    assert [type(answer) for answer in answers[1:]] == [Denied, Denied, Denied]
    assert list((tmp_path / "sub").iterdir()) == []


def test_the_own_window_may_save_a_copy_anywhere(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()

    async def test(desk: Desk[Site], plant: Plant) -> None:
        assert isinstance(await desk.answer(Save(str(tmp_path / "sub" / "copy.csv")), WINDOW), Done)

    with_desk(tmp_path, test)
    assert (tmp_path / "sub" / "copy.csv").read_text(encoding="utf-8") == TEXT


def test_a_reload_touches_what_differs_and_names_lost_edits(tmp_path: Path) -> None:
    async def test(desk: Desk[Site], plant: Plant) -> None:
        await desk.answer(Edit("111/2407", {"k": "16"}), "tester")
        plant.done.clear()
        (tmp_path / "site.csv").write_text("# moved\n" + TEXT.replace("2406,32", "2406,33"), encoding="utf-8")
        would = await desk.answer(Reload(check=True), "tester")
        assert plant.done == []
        answer = await desk.answer(Reload(), "SIGHUP")
        assert isinstance(would, Done)
        assert isinstance(answer, Done)
        assert "unsaved edits would be given up: 111/2407" in would.text
        assert "unsaved edits are given up: 111/2407" in answer.text
        assert plant.done == ["111/2406 differs", "111/2407 differs"]
        assert await desk.answer(Diff(), "tester") == Done("")
        snapshot = await desk.answer(Status(), "tester")
        assert isinstance(snapshot, Snapshot)
        assert [entry.line for entry in snapshot.entries] == [4, 5, 7, 8, 9]

    with_desk(tmp_path, test)


@pytest.mark.parametrize("text", ["", "# nothing\n", "111,RTU,,32,N\n"])
def test_a_file_without_anything_usable_changes_nothing_and_says_why(tmp_path: Path, text: str) -> None:
    async def test(desk: Desk[Site], plant: Plant) -> None:
        (tmp_path / "site.csv").write_text(text, encoding="utf-8")
        answer = await desk.answer(Reload(), "tester")
        assert isinstance(answer, Denied)
        assert "nothing" in answer.text
        assert str(tmp_path / "site.csv") in answer.text
        assert plant.done == []

    with_desk(tmp_path, test)


def test_a_missing_file_changes_nothing(tmp_path: Path) -> None:
    async def test(desk: Desk[Site], plant: Plant) -> None:
        (tmp_path / "site.csv").unlink()
        answer = await desk.answer(Reload(), "tester")
        assert isinstance(answer, Denied)
        assert "cannot be read" in answer.text

    with_desk(tmp_path, test)


def test_every_change_is_logged_with_who_asked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ask(tmp_path, Status(), Restart("111/OSI-1"), Edit("111/2407", {"k": "16"}), Restart("nobody"), Reload(check=True))
    assert [record.getMessage().partition(": not done: ")[0] for record in caplog.records] == [
        "tester: restart 111/OSI-1: 111/2407 OSI-1 is restarted; disconnected: 2407",
        "tester: edit 111/2407: k=16: 111/2407 differs; disconnected: 111/2407",
        "tester: restart nobody",
    ]


def test_what_the_program_cannot_is_denied(tmp_path: Path) -> None:
    answers, _ = ask(tmp_path, Send(301), Trace("111"))
    assert answers == [Denied("this program simulates no RTUs"), Denied("a trace can only be followed")]


def test_a_bug_is_answered_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(desk: Desk[Site], plant: Plant) -> None:
        plant.bug = ZeroDivisionError("once")
        answer = await desk.answer(Status(), "tester")
        assert isinstance(answer, Denied)
        assert "internal error" in answer.text

    with_desk(tmp_path, test)
    assert caplog.records[0].exc_info is not None


def test_whoever_follows_the_settings_is_told_of_every_reload_and_save(tmp_path: Path) -> None:
    requests = (Edit("111/2407", {"k": "16"}), Reload(check=True), Status())
    assert ask(tmp_path, *requests)[1].adopted == []
    _, plant = ask(tmp_path, Edit("111/2407", {"k": "16"}), Save(), Reload())
    assert plant.adopted == [plant.site] * 2


def test_changes_come_one_after_the_other(tmp_path: Path) -> None:
    async def test(desk: Desk[Site], plant: Plant) -> None:
        edits = [desk.answer(Edit("111/2407", {"k": str(20 + number)}), "tester") for number in range(1, 6)]
        answers = await asyncio.gather(*edits)
        assert all(isinstance(answer, Edited) and answer.changes for answer in answers)
        assert plant.site.groups[0].masters[1].link.k == 25

    with_desk(tmp_path, test)


def test_a_trace_of_a_group_is_that_of_its_rtu_and_masters(tmp_path: Path) -> None:
    async def test(desk: Desk[Site], plant: Plant) -> None:
        items: list[Item] = []
        end = desk.follow(Trace("111"), items.append)
        for key in ("111/S", "111/2406", "112/S", "111/2407"):
            plant.say(key)
        end()
        plant.say("111/S")
        assert [item.key for item in items if isinstance(item, Frame)] == ["111/S", "111/2406", "111/2407"]
        assert isinstance(items[0], Frame)
        assert (items[0].octets, items[0].text, items[0].outgoing) == ("680443000000", "TESTFR act", True)
        assert all(sinks == [] for sinks in plant.sinks.values())

    with_desk(tmp_path, test)


def test_following_an_unknown_entry_is_refused(tmp_path: Path) -> None:
    async def test(desk: Desk[Site], plant: Plant) -> None:
        for request in (Trace("999"), Log("999")):
            with pytest.raises(RequestError, match="999"):
                desk.follow(request, lambda item: None)

    with_desk(tmp_path, test)


def test_a_log_is_read_and_followed(tmp_path: Path) -> None:
    log = tmp_path / "111-2407.log"
    log.write_text("one\ntwo\nthree\n", encoding="utf-8")

    async def test(desk: Desk[Site], plant: Plant) -> None:
        assert await desk.answer(Log("111/2407", 2), "tester") == Lines(("two", "three"))
        items: asyncio.Queue[Item] = asyncio.Queue()
        end = desk.follow(Log("111/2407", 1), items.put_nowait)
        assert await asyncio.wait_for(items.get(), 10) == Lines(("three",))
        with log.open("a", encoding="utf-8") as file:
            file.write("four\n")
        assert await asyncio.wait_for(items.get(), 10) == Lines(("four",))
        end()

    with_desk(tmp_path, test)


def test_a_log_that_cannot_be_read_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "111-2407.log").mkdir()

    async def test(desk: Desk[Site], plant: Plant) -> None:
        answer = await desk.answer(Log("111/2407"), "tester")
        assert isinstance(answer, Denied)
        assert "the log cannot be read" in answer.text
        items: asyncio.Queue[Item] = asyncio.Queue()
        end = desk.follow(Log("111/2407", 1), items.put_nowait)
        assert isinstance(await asyncio.wait_for(items.get(), 10), Denied)
        (tmp_path / "111-2407.log").rmdir()
        (tmp_path / "111-2407.log").write_text("here\n", encoding="utf-8")
        assert await asyncio.wait_for(items.get(), 10) == Lines(("here",))
        end()

    with_desk(tmp_path, test)


def test_an_entry_is_shown_while_its_rtu_is_away(tmp_path: Path) -> None:
    async def test(desk: Desk[Site], plant: Plant) -> None:
        plant.states["111/S"] = (State.RETRYING, "Connection refused")
        details = await desk.answer(Show("111"), "tester")
        assert isinstance(details, Details)
        assert (details.entry.state, details.entry.reason) == (State.RETRYING, "Connection refused")

    with_desk(tmp_path, test)
