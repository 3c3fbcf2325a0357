import math

import pytest

from iec104mm2ss.settings.cells import (
    UnusableError,
    nearest,
    octets,
    one_of,
    seconds,
    seconds_or_never,
    shown,
    whole,
    yes_or_no,
)
from iec104mm2ss.settings.problems import Problem, column_letter
from iec104mm2ss.settings.site import Takeover


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("65535", 65535), ("0002406", 2406), ("\u0667", 7)])
def test_a_whole_number_has_both_ends_included_and_may_have_leading_zeros(text: str, value: int) -> None:
    assert whole(1, 65535)(text) == value


@pytest.mark.parametrize("text", ["", "0", "000", "65536", "abc", "-1", "+1", "1.0", "1 2", "0x10", "²", "9" * 5000])
def test_what_is_no_whole_number_in_range_says_the_range(text: str) -> None:
    with pytest.raises(UnusableError, match="should be a whole number from 1 to 65535"):
        whole(1, 65535)(text)


def test_zero_is_taken_where_the_range_has_it() -> None:
    assert whole(0, 9)("00") == 0


@pytest.mark.parametrize(("text", "value"), [("15", 15.0), ("0.5", 0.5), ("0,5", 0.5), ("015", 15.0), ("100", 100.0)])
def test_seconds_have_a_decimal_point_or_comma(text: str, value: float) -> None:
    assert seconds(100)(text) == value


@pytest.mark.parametrize("text", ["", "0", "0.0", "100.1", "-1", "nan", "inf", "1e3", "5 s", "1.2.3", "9" * 400])
def test_what_is_no_time_in_range_says_the_range(text: str) -> None:
    with pytest.raises(UnusableError, match="should be seconds, above 0 to 100"):
        seconds(100)(text)


def test_zero_seconds_can_be_allowed() -> None:
    assert seconds(100, zero=True)("0") == 0.0
    with pytest.raises(UnusableError, match="from 0 to 100"):
        seconds(100, zero=True)("101")


@pytest.mark.parametrize("text", ["0", "never", "Never", "OFF"])
def test_never_is_infinite(text: str) -> None:
    assert math.isinf(seconds_or_never(100)(text))


def test_never_is_named_where_it_is_allowed() -> None:
    assert seconds_or_never(100)("20") == 20.0
    with pytest.raises(UnusableError, match="to 100, or never"):
        seconds_or_never(100)("x")


@pytest.mark.parametrize(
    ("text", "value"), [("Y", True), ("y", True), ("yes", True), ("YES", True), ("n", False), ("No", False)]
)
def test_yes_or_no_in_any_case(text: str, value: object) -> None:
    assert yes_or_no(text) is value


@pytest.mark.parametrize("text", ["", "1", "true", "x", "ye"])
def test_anything_else_is_neither_yes_nor_no(text: str) -> None:
    with pytest.raises(UnusableError, match="should be Y or N"):
        yes_or_no(text)


def test_a_word_of_several_is_taken_in_any_case_and_the_others_are_named() -> None:
    assert one_of(Takeover)("New") is Takeover.NEW
    with pytest.raises(UnusableError, match="should be probe or new or never"):
        one_of(Takeover)("old")


@pytest.mark.parametrize(
    ("text", "value"), [("1000", 1000), ("500k", 500_000), ("10M", 10_000_000), ("10 mb", 10_000_000)]
)
def test_octets_may_be_thousands_or_millions(text: str, value: int) -> None:
    assert octets(1000, 1_000_000_000)(text) == value


@pytest.mark.parametrize("text", ["", "999", "1001M", "10G", "M", "-5", "9" * 5000])
def test_octets_out_of_range_say_the_range(text: str) -> None:
    with pytest.raises(UnusableError, match="should be octets from 1000 to 1000000000, such as 500k or 10M"):
        octets(1000, 1_000_000_000)(text)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("idle time", "idletime"),
        ("idle_time", "idletime"),
        ("ntp_servr", "ntp_server"),
        ("K", "k"),
        ("t4", None),
        ("colour", None),
        ("ntp_server is where the time comes from", None),
        ("", None),
    ],
)
def test_the_nearest_known_word_is_found(word: str, meant: str | None) -> None:
    assert nearest(word, ["k", "t1", "idletime", "ntp_server"]) == meant


def test_a_cell_is_shown_on_one_line_and_cut() -> None:
    assert shown("a\r\n\x1b[31m\u202e") == r"'a\r\n\x1b[31m\u202e'"
    assert shown("x" * 41) == "'" + "x" * 40 + "...'"


@pytest.mark.parametrize(("index", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_the_letters_of_a_spreadsheet(index: int, letter: str) -> None:
    assert column_letter(index) == letter


@pytest.mark.parametrize(
    ("problem", "text", "is_warning"),
    [
        (Problem("site.csv", 12, "F", "no host", refused=True), "site.csv:12:F: no host", False),
        (Problem("site.csv", 12, "", "no RTU", refused=False), "site.csv:12: warning: no RTU", True),
        (Problem("site.csv", 2, "B", "no key", refused=False, stops=True), "site.csv:2:B: no key", False),
        (Problem("site.csv", 0, "", "the file is empty", refused=True), "site.csv: the file is empty", False),
    ],
)
def test_a_problem_prints_its_place(problem: Problem, text: str, *, is_warning: bool) -> None:
    assert str(problem) == text
    assert problem.is_warning is is_warning
