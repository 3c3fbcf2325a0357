import logging
import os
import socket
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iec104mm2ss.console import server
from iec104mm2ss.console.address import SocketError, TakenError, likely_path, own_path
from iec104mm2ss.console.client import Client, why
from iec104mm2ss.console.requests import Denied, Lines, Log, Restart, Show, Status
from iec104mm2ss.console.snapshot import Details, Snapshot
from tests.console.plant import GREETING
from tests.console.served import Served
from tests.program import eventually

if sys.platform == "win32":
    pytest.skip("most of it is about Unix sockets", allow_module_level=True)

STATUS = b'{"ask": "Status"}\n'


def test_a_client_is_greeted_and_answered(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        client = Client(served.path)
        assert client.greeting == GREETING
        snapshot = client.ask(Status())
        assert isinstance(snapshot, Snapshot)
        assert [entry.key for entry in snapshot.entries][:2] == ["111/S", "111/2406"]
        assert isinstance(client.ask(Show("111")), Details)
        client.close()


def test_only_owner_and_group_can_connect(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        with Served(tmp_path) as served:
            assert stat.S_IMODE(served.path.stat().st_mode) == 0o660
    finally:
        os.umask(former)
    assert not served.path.exists()


def test_a_change_is_logged_with_user_and_process(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tests.console")
    with Served(tmp_path) as served:
        client = Client(served.path)
        client.ask(Restart("111"))
        client.close()
    [message] = [record.getMessage() for record in caplog.records if record.name == "tests.console"]
    assert message.startswith(f"control socket, uid {os.getuid()}, pid {os.getpid()}: restart 111: ")


def test_what_is_followed_comes_until_the_next_request(tmp_path: Path) -> None:
    with Served(tmp_path) as served, served.connect() as raw:
        raw.line()
        raw.send(b'{"follow": "Trace", "key": "111/S"}\n')
        eventually(lambda: bool(served.plant.sinks.get("111/S")), "the tap")
        served.run(lambda: served.plant.say("111/S"))
        assert raw.line()["text"] == "TESTFR act"
        assert raw.ask(STATUS)["answer"] == "Snapshot"
        assert served.plant.sinks["111/S"] == []


def test_a_client_that_goes_takes_its_tap_with_it(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        with served.connect() as raw:
            raw.line()
            raw.send(b'{"follow": "Trace", "key": "111"}\n')
            eventually(lambda: bool(served.plant.sinks.get("111/S")), "the tap")
        eventually(lambda: not any(served.plant.sinks.values()), "the end of the tap")


def test_what_cannot_be_followed_is_said_and_the_next_request_answered(tmp_path: Path) -> None:
    with Served(tmp_path) as served, served.connect() as raw:
        raw.line()
        answer = raw.ask(b'{"follow": "Log", "key": "999"}\n')
        assert (answer["item"], "999" in answer["text"]) == ("Denied", True)
        assert raw.ask(STATUS)["answer"] == "Snapshot"


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"hello\n",
        b"GET / HTTP/1.1\r\n",
        b"\0\xff\n",
        b"[1]\n",
        b'{"ask": "Quit"}\n',
        b'{"ask": "Status", "more": 1}\n',
        b'{"ask": "Log", "key": "111", "lines": 1e400}\n',
        b'{"ask": "Log", "key": "111", "lines": "many"}\n',
        b'{"ask": "Send", "index": NaN}\n',
        b'{"ask": "Send", "index": ' + b"9" * 10_000 + b"}\n",
        b'{"ask": "Edit", "key": "111", "cells": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}\n",
        b"[" * 60_000 + b"\n",
        b'{"ask": "Show", "key": "' + b"x" * 60_000 + b'"}\n',
        b'{"ask": "Edit", "key": "111", "cells": {"\\ud800": "\\u0000"}}\n',
        b'{"ask": "Trace", "key": "111"}\n',
    ],
)
def test_bad_input_is_answered_and_the_next_request_too(tmp_path: Path, line: bytes) -> None:
    with Served(tmp_path) as served, served.connect() as raw:
        raw.line()
        assert raw.ask(line)["answer"] in {"Denied", "Edited"}
        assert raw.ask(STATUS)["answer"] == "Snapshot"
        assert served.plant.done == []


def test_a_line_that_is_too_long_ends_the_connection_with_the_reason(tmp_path: Path) -> None:
    with Served(tmp_path) as served, served.connect() as raw:
        raw.line()
        assert raw.ask(b"x" * 70_000)["text"] == "a line may have at most 65536 octets"
        assert raw.line() == {}


@pytest.mark.parametrize("sent", [b"", b"{", b'{"ask": "Restart", "key": "111"}', b'{"follow": "Trace", "key": "111"}'])
def test_half_a_line_does_nothing(tmp_path: Path, sent: bytes) -> None:
    with Served(tmp_path) as served:
        with served.connect() as raw:
            raw.line()
            raw.send(sent)
            raw.socket.shutdown(socket.SHUT_WR)
            assert raw.line() == {}
        assert (served.plant.done, served.plant.sinks) == ([], {})


def test_requests_sent_at_once_are_answered_in_turn(tmp_path: Path) -> None:
    with Served(tmp_path) as served, served.connect() as raw:
        raw.line()
        raw.send(STATUS + b'{"ask": "Diff"}\nrubbish\n' + STATUS)
        assert [raw.line()["answer"] for _ in range(4)] == ["Snapshot", "Done", "Denied", "Snapshot"]


pieces = st.lists(
    st.one_of(
        st.binary(max_size=200),
        st.sampled_from(
            [
                STATUS,
                b'{"ask": "Restart", "key": "111"}\n',
                b'{"ask": "Edit", "key": "111/2407", "cells": {"k": "16"}}\n',
                b'{"follow": "Log", "key": "111"}\n',
                b'{"follow": "Trace", "key": "111"}\n',
                b"\n",
                b'{"ask": ',
            ]
        ),
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> object:
    with Served(tmp_path_factory.mktemp("served")) as served:
        yield served


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=pieces, reads=st.booleans())
def test_no_client_harms_the_others(lasting: Served, sent: list[bytes], reads: bool) -> None:  # noqa: FBT001 - given
    with lasting.connect() as raw:
        for piece in sent:
            raw.send(piece)
        if reads:
            raw.socket.shutdown(socket.SHUT_WR)
            while raw.line():
                pass
    with lasting.connect() as other:
        assert other.line()["greeting"] == "Greeting"
        assert other.ask(STATUS)["answer"] == "Snapshot"


def test_the_seventeenth_client_is_turned_away_until_one_goes(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        clients = [Client(served.path) for _ in range(16)]
        with pytest.raises(ConnectionError, match="16 windows and commands are connected"):
            Client(served.path)
        clients.pop().close()
        eventually(lambda: _is_let_in(served.path), "a free place")
        for client in clients:
            client.close()


def _is_let_in(path: Path) -> bool:
    try:
        Client(path).close()
    except ConnectionError:
        return False
    return True


def test_a_silent_client_loses_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_ASKING_PATIENCE", 0.1)
    with Served(tmp_path) as served, served.connect() as raw:
        raw.line()
        assert raw.line() == {}


def test_a_client_that_does_not_read_is_closed_and_misses_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_READING_PATIENCE", 0.2)
    with Served(tmp_path) as served, served.connect() as raw:
        raw.line()
        raw.send(b'{"follow": "Trace", "key": "111/S"}\n')
        eventually(lambda: bool(served.plant.sinks.get("111/S")), "the tap")
        served.run(lambda: served.plant.say("111/S", "x" * 1000, times=3000))
        eventually(lambda: not served.plant.sinks["111/S"], "the end of the tap")


def test_frames_that_a_client_misses_are_counted(tmp_path: Path) -> None:
    with Served(tmp_path) as served, served.connect() as raw:
        raw.line()
        raw.send(b'{"follow": "Trace", "key": "111/S"}\n')
        eventually(lambda: bool(served.plant.sinks.get("111/S")), "the tap")
        served.run(lambda: served.plant.say("111/S", times=1500))
        items = [raw.line() for _ in range(1001)]
        assert {item["item"] for item in items[:1000]} == {"Frame"}
        assert items[1000] == {"item": "Missed", "count": 500}


def test_a_log_is_followed_through_the_socket(tmp_path: Path) -> None:
    (tmp_path / "111-S.log").write_text("one\n", encoding="utf-8")
    with Served(tmp_path) as served:
        client = Client(served.path)
        assert next(client.follow(Log("111", 5))) == Lines(("one",))
        client.close()


def test_a_bug_costs_one_answer(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        client = Client(served.path)
        served.plant.bug = ZeroDivisionError("once")
        assert isinstance(client.ask(Status()), Denied)
        served.plant.bug = None
        assert isinstance(client.ask(Status()), Snapshot)
        client.close()


def test_a_second_program_is_told_who_is_there(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        with pytest.raises(TakenError, match=r"another iec104mm2ss \(pid 4711\) runs here: its control socket is /"):
            Served(tmp_path).__enter__()
        Client(served.path).close()


def test_the_socket_of_a_dead_program_is_replaced(tmp_path: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / "ctl.sock"))
    dead.close()
    with Served(tmp_path) as served:
        Client(served.path).close()


def test_a_program_that_does_not_answer_keeps_its_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_NEIGHBOUR_PATIENCE", 0.1)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "ctl.sock"))
        silent.listen()
        with pytest.raises(TakenError, match="another program, which does not answer, has the control socket"):
            Served(tmp_path).__enter__()
    assert (tmp_path / "ctl.sock").is_socket()


@pytest.mark.parametrize("tcp", [False, True])
def test_what_is_no_control_socket_is_left_alone(tmp_path: Path, tcp: bool) -> None:  # noqa: FBT001 - a parameter
    (tmp_path / "ctl.sock").write_text("111,precious\n", encoding="utf-8")
    with pytest.raises(SocketError, match=r"cannot be made the control socket: .* name another") as refusal:
        Served(tmp_path, tcp=tcp).__enter__()
    assert not isinstance(refusal.value, TakenError)
    assert (tmp_path / "ctl.sock").read_text(encoding="utf-8") == "111,precious\n"


def test_a_path_that_is_too_long_is_refused_with_the_remedy(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    with pytest.raises(
        SocketError, match="more than 107 octets is too long for a socket; name a shorter one with --ctl"
    ):
        Served(folder).__enter__()


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.path = tmp_path / "log" / "ctl.sock"
    with served:
        Client(served.path).close()


def test_closing_ends_every_connection(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        client = Client(served.path)
    with pytest.raises(ConnectionError, match="has ended"):
        client.ask(Status())
    client.close()


def test_on_a_loopback_port_only_who_can_read_the_file_is_served(tmp_path: Path) -> None:
    with Served(tmp_path, tcp=True) as served:
        assert stat.S_IMODE(served.path.stat().st_mode) == 0o600
        client = Client(served.path)
        assert client.greeting == GREETING
        assert isinstance(client.ask(Status()), Snapshot)
        client.close()
        content = served.path.read_text(encoding="utf-8")
        for forged in (
            content.replace('"secret": "', '"secret": "0'),
            content.replace('"secret": "', '"secret": "\\n'),
        ):
            (tmp_path / "forged").write_text(forged, encoding="utf-8")
            with pytest.raises(ConnectionError):
                Client(tmp_path / "forged")
    assert not served.path.exists()


def test_the_file_of_a_dead_program_is_replaced(tmp_path: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    (tmp_path / "ctl.sock").write_text(f'{{"port": {port}, "secret": "old"}}', encoding="utf-8")
    with Served(tmp_path, tcp=True) as served:
        Client(served.path).close()


def test_a_second_program_is_told_who_is_there_on_a_loopback_port(tmp_path: Path) -> None:
    with Served(tmp_path, tcp=True), pytest.raises(TakenError, match=r"another iec104mm2ss \(pid 4711\) runs here"):
        Served(tmp_path, tcp=True).__enter__()


def test_a_socket_is_where_systemd_or_the_logs_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    assert own_path("iec104rs", Path("log")) == Path("log/iec104rs.sock")
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/iec104mm2ss:/run/other")
    assert own_path("iec104mm2ss", Path("log")) == Path("/run/iec104mm2ss/ctl.sock")
    assert likely_path("no-such-program") == Path("log/no-such-program.sock")


def test_a_service_whose_folder_is_closed_to_this_user_is_the_one_that_is_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exists(path: Path) -> bool:
        raise PermissionError(path)

    monkeypatch.setattr(Path, "exists", exists)
    assert likely_path("iec104mm2ss") == Path("/run/iec104mm2ss/ctl.sock")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(), "there is no control socket x: no program runs there"),
        (ConnectionRefusedError(), "nobody answers at x: the program has ended"),
        (PermissionError(), "this user may not use x: it is for the user and the group of the program"),
        (TimeoutError(), "the program at x does not answer in time"),
        (OSError("odd"), "odd"),
    ],
)
def test_why_nobody_answers_is_said_in_plain_words(error: OSError, said: str) -> None:
    assert why(Path("x"), error) == said
