import pytest

from iec104mm2ss.simulator.commands import (
    HELP,
    Help,
    Mistake,
    Quit,
    Request,
    Send,
    SetValue,
    Status,
    Stop,
    parse,
    parse_send,
)


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("send 301", Send(301)),
        ("send 301 10", Send(301, 10.0)),
        ("  SEND\t0   2,5 \r", Send(0, 2.5)),
        ("send 999999999999 9999999", Send(999_999_999_999, 9_999_999.0)),
        ("stop", Stop()),
        ("status", Status()),
        ("set 32 301 1", SetValue(32, 301, 1.0)),
        ("set 65535 16777215 -0.5", SetValue(65535, 0xFFFFFF, -0.5)),
        ("quit", Quit()),
        ("exit", Quit()),
        ("help", Help()),
        ("?", Help()),
    ],
)
def test_a_request(line: str, request_: Request) -> None:
    assert parse(line) == request_


@pytest.mark.parametrize("line", ["", "   ", "\r", "\t\r"])
def test_a_line_without_words_asks_for_nothing(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("sned 301", "'sned' is not known"),
        ("send", "send 301 10"),
        ("send 301 10 11", "send 301 10"),
        ("send all", "the index is 'all'"),
        ("send -1", "the index is '-1'"),
        ("send ²", "the index is '²'"),
        ("send 1000000000000", "from 0 to 999999999999"),
        ("send 301 soon", "the time is 'soon'"),
        ("send 301 0", "above 0"),
        ("send 301 -5", "above 0"),
        ("send 301 nan", "the time is 'nan'"),
        ("send 301 inf", "the time is 'inf'"),
        ("send 301 10000000", "at most 9999999"),
        ("stop 301", "not even '301'"),
        ("status all", "not even 'all'"),
        ("set 32 301", "set 32 301 1"),
        ("set 65536 301 1", "the RTU number is '65536'"),
        ("set 32 16777216 1", "the IOA is '16777216'"),
        ("set 32 301 ON", "the value is 'ON'"),
    ],
)
def test_a_mistake_says_what_is_wrong(line: str, named: str) -> None:
    mistake = parse(line)
    assert isinstance(mistake, Mistake)
    assert named in mistake.text


def test_what_the_command_line_sends() -> None:
    assert parse_send("301") == Send(301)
    assert parse_send("0:2.5") == Send(0, 2.5)
    for text in ("", "301:", ":5", "1:2:3", "x"):
        assert isinstance(parse_send(text), Mistake), text


def test_help_names_every_command() -> None:
    words = {line.split()[0] for line in HELP}
    assert {"send", "stop", "set", "status", "quit", "help"} <= words
