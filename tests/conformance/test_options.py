"""What the options make of the station, and which are wrong usage."""

import argparse
import math

import pytest

from iec104mm2ss.conformance import options
from iec104mm2ss.conformance.subject import Order, Subject
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.simulator import cli


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    options.add(parser)
    return parser.parse_args(arguments)


def subject(*arguments: str) -> Subject:
    return options.subject(parsed("--conformance", "10.1.9.4:2404", *arguments))


def test_the_standards_values_where_nothing_is_said() -> None:
    assert subject() == Subject(host="10.1.9.4", port=2404, ca=1, parameters=LinkParameters())


def test_everything_said() -> None:
    given = ["--ca", "32", "--t1", "3", "--t2", "1.5", "--t3", "4", "--k", "20", "--w", "10", "--patience", "2"]
    allowed = ["--allow-commands", "21001:46:2", "--select-timeout", "20", "--allow-clock", "--long"]
    assert subject(*given, *allowed, "--reply", "0.5", "--tolerance", "0") == Subject(
        host="10.1.9.4",
        port=2404,
        ca=32,
        parameters=LinkParameters(t1=3, t2=1.5, t3=4, k=20, w=10),
        patience=2,
        tolerance=0,
        quick=0.5,
        select_timeout=20,
        order=Order(21001, 46, 2),
        may_set_clock=True,
        may_take_long=True,
    )


def test_t3_of_zero_is_never_and_w_follows_a_small_k() -> None:
    parameters = subject("--t3", "0", "--k", "6").parameters
    assert math.isinf(parameters.t3)
    assert (parameters.k, parameters.w) == (6, 4)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("rtu-1", "rtu-1", 2404),
        ("rtu-1:2405", "rtu-1", 2405),
        ("[fe80::1]", "fe80::1", 2404),
        ("[fe80::1]:65535", "fe80::1", 65535),
    ],
)
def test_where_the_station_is(text: str, host: str, port: int) -> None:
    assert parsed("--conformance", text).conformance == (host, port)


@pytest.mark.parametrize(
    ("text", "order"),
    [("100", Order(100, 45, 1)), ("100:46", Order(100, 46, 1)), ("7:50:-1.5", Order(7, 50, -1.5))],
)
def test_the_command_that_is_allowed(text: str, order: Order) -> None:
    assert parsed("--allow-commands", text).order == order


def test_a_command_with_time_tag_is_built_with_one() -> None:
    order = parsed("--allow-commands", "100:58").order
    assert len(order.asdu(1, time=options._ANY_TIME)) == 17


@pytest.mark.parametrize(
    "arguments",
    [
        ["--conformance", ":2404"],
        ["--conformance", "rtu:0"],
        ["--conformance", "rtu:65536"],
        ["--conformance", "rtu:x"],
        ["--allow-commands", "0"],
        ["--allow-commands", "100:51"],
        ["--allow-commands", "100:105"],
        ["--allow-commands", "100:46:4"],
        ["--allow-commands", "100:46:2:1"],
        ["--allow-commands", "16777216"],
        ["--allow-commands", "x"],
        ["--ca", "0"],
        ["--ca", "65535"],
        ["--k", "32768"],
        ["--t1", "0"],
        ["--t1", "nan"],
        ["--patience", "-1"],
        ["--only", "nothing"],
    ],
)
def test_what_cannot_be_is_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parsed(*arguments)
    assert f"argument {arguments[0]}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--only", "startdt"], "need --conformance HOST:PORT"),
        (["--allow-clock"], "need --conformance HOST:PORT"),
        (["--conformance", "rtu", "--t1", "5"], "t2 10.0 must be less than t1 5.0"),
        (["--conformance", "rtu", "--k", "4", "--w", "5"], "w 5 outside 1..k, where k is 4"),
    ],
)
def test_what_cannot_stand_together_is_wrong_usage(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(arguments)
    assert complaint in capsys.readouterr().err
