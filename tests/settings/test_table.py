import pytest

from iec104mm2ss.settings.table import Row, decode, read_rows


def rows(text: str) -> list[Row]:
    return list(read_rows(text))


@pytest.mark.parametrize(
    "data",
    [
        "111,Zürich\n".encode(),
        b"\xef\xbb\xbf" + "111,Zürich\n".encode(),
        b"\xff\xfe" + "111,Zürich\n".encode("utf-16-le"),
        b"\xfe\xff" + "111,Zürich\n".encode("utf-16-be"),
        "111,Zürich\n".encode("utf-16-le"),
        "111,Zürich\n".encode("utf-16-be"),
        "111,Zürich\r\n".encode(),
        "111,Zürich\r".encode(),
    ],
)
def test_every_encoding_and_line_end_of_a_spreadsheet_is_read(data: bytes) -> None:
    assert decode(data) == "111,Zürich\n"


@pytest.mark.parametrize("data", [b"111,Z\xfcrich", b"\xff\xfe1", b"\xff\xfe\x00\xd8"])
def test_octets_of_no_encoding_become_the_replacement_character(data: bytes) -> None:
    assert "\ufffd" in decode(data)


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("111, RTU ,,32,N,h:1;i:2,,,", ("111", "RTU", "", "32", "N", "h:1;i:2")),
        ('111;RTU;;32;N;"h:1;i:2";;', ("111", "RTU", "", "32", "N", "h:1;i:2")),
        ("111\tRTU\t\t32\tN\th:1;i:2", ("111", "RTU", "", "32", "N", "h:1;i:2")),
        ('"111" ; "a ""b"" c"', ("111", 'a "b" c')),
        ('111, "a, b"', ("111", "a, b")),
        ("nogui", ("nogui",)),
        ("# a; b, c", ("# a", "b, c")),
        (",,,", ()),
        ("", ()),
    ],
)
def test_a_row_is_cut_at_the_separator_after_its_first_cell(line: str, cells: tuple[str, ...]) -> None:
    assert rows(line) == [Row(1, cells)]


def test_rows_are_numbered_by_the_line_where_they_begin() -> None:
    text = '# one\n\n111,a,,1,N,"h:1;\ni:2"\n222,b'
    assert [(row.line, row.cells[:2]) for row in rows(text)] == [
        (1, ("# one",)),
        (2, ()),
        (3, ("111", "a")),
        (5, ("222", "b")),
    ]
    assert rows(text)[2].cells[5] == "h:1;\ni:2"


@pytest.mark.parametrize(
    "text",
    [
        '111,"RTU,,32\n222,b\n333,c',  # nothing closes it
        '111,"RTU,,32\n222,"b"\n333,c',  # the next row's quote closes it
        '111,"RTU,,32' + "\n# note" * 30 + "\n222,b\n333,c",  # nothing closes it within the lines a row can have
    ],
)
def test_an_open_quote_costs_its_own_line_only(text: str) -> None:
    first, *others = [row for row in rows(text) if row.is_entry]
    assert first == Row(1, ("111", "RTU", "", "32"), "this row has a quote that is opened and not closed")
    assert [row.first for row in others] == ["222", "333"]
    assert not any(row.fault for row in others)


def test_a_quote_before_the_first_cell_hides_no_separator() -> None:
    assert rows('"111;RTU;;32')[0].cells == ("111", "RTU", "", "32")


def test_a_huge_line_costs_itself_only() -> None:
    first, second = rows("111," + "x" * 10_000_000 + "\n222,b")
    assert first.first == "111"
    assert first.fault == "this row is longer than 20000 characters"
    assert second == Row(2, ("222", "b"))


def test_a_huge_quoted_cell_costs_its_first_line_only() -> None:
    huge, *_, last = rows('111,"' + "\n" + "x" * 200_000 + '"\n222,b')
    assert huge.fault.startswith("this row cannot be read: field larger than")
    assert last == Row(3, ("222", "b"))


def test_a_nul_is_a_fault_of_its_row() -> None:
    first, second = rows("11\x001,a\0b\n222,b")
    assert first.cells == ("111", "ab")
    assert first.fault == "this row holds NUL characters; save the file as CSV UTF-8"
    assert not second.fault
