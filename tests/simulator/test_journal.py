"""Rows of the log as a spreadsheet reads them."""

import csv

import pytest

from iec104mm2ss.simulator.journal import COLUMNS, row_of_signal, row_of_skipped, rows_of
from tests.simulator.data import signals

TAG = "2026-03-05 12:03:41.198"
TAG_OCTETS = "eea0030c85031a"


def cells(*rows: str) -> list[list[str]]:
    read = list(csv.reader(rows))
    assert {len(row) for row in read} == {len(COLUMNS)}
    return read


def read(asdu: str, comment: str = "") -> list[list[str]]:
    return cells(*rows_of("sent", bytes.fromhex(asdu), lambda ioa, type_id: comment))


@pytest.mark.parametrize(
    ("asdu", "expected"),
    [
        # a double point that changed, ON, invalid and not topical, with its time
        (f"1f010300 2000 2d0100 c2 {TAG_OCTETS}", "sent|M_DP_TB_1(31)|301|2|IV NT|spont(3)|2026-03-05 12:03:41.198|"),
        # a short float -0.4
        ("0d010300 2000 fa2a00 cdccccbe 00", "sent|M_ME_NC_1(13)|11002|-0.4||spont(3)||"),
        # a counter reading 70 000, invalid, asked for by originator 5
        ("0f012505 2000 292300 70110100 80", "sent|M_IT_NA_1(15)|9001|70000|IV|reqcogen(37) OA 5||"),
        # a double command ON, execute, refused as unknown
        ("2e016f00 2000 2d7500 02", "sent|C_DC_NA_1(46)|29997|2||unknown-ioa(47) negative||execute, qualifier 0"),
        # a single command OFF, select, long pulse, with its time, as a test
        (
            f"3a018600 2000 095200 88 {TAG_OCTETS}",
            "sent|C_SC_TA_1(58)|21001|0||act(6) test|2026-03-05 12:03:41.198|select, qualifier 2",
        ),
        # a station interrogation
        ("64010605 2000 000000 14", "sent|C_IC_NA_1(100)|0|20||act(6) OA 5||"),
        # clock synchronisation
        (f"67010600 2000 000000 {TAG_OCTETS}", "sent|C_CS_NA_1(103)|0|||act(6)|2026-03-05 12:03:41.198|"),
        # a read command
        ("66010500 2000 2d0100", "sent|C_RD_NA_1(102)|301|||req(5)||"),
        # a set point that is no number
        ("32010600 2000 0b5200 0000c07f 00", "sent|C_SE_NC_1(50)|21003|nan||act(6)||execute, qualifier 0"),
    ],
)
def test_an_asdu(asdu: str, expected: str) -> None:
    assert read(asdu) == [expected.split("|")]


def test_every_object_has_a_row() -> None:
    # two single points of an interrogation, IOA 445 ON and 446 OFF
    rows = read("01021400 2000 bd0100 01 be0100 00")
    assert [row[2:4] for row in rows] == [["445", "1"], ["446", "0"]]


def test_a_comment_follows_what_is_to_be_said_of_the_value() -> None:
    assert read("2d010600 2000 0a5200 01", "lamp, red")[0][-1] == "execute, qualifier 0; lamp, red"


def test_a_comment_is_no_formula() -> None:
    assert read("01010300 2000 bd0100 01", "=1+1")[0][-1] == "'=1+1"


def test_an_asdu_that_cannot_be_read_shows_its_octets() -> None:
    # two objects are announced, one is there
    (row,) = read("01020300 2000 bd0100 01")
    assert row[0] == "sent"
    assert "FAULT" in row[-1]
    assert "bd 01 00 01" in row[-1]


def test_a_signal_of_an_index_send() -> None:
    tagged, plain = signals("301,Y,36,11002,10.456,0,,,,,,W,quality=IV+NT", "301,Y,3,301,2,0,,,,,,-Q0")
    assert cells(row_of_signal("index 301", tagged, TAG), row_of_signal("index 301", plain, TAG)) == [
        ["index 301", "M_ME_TF_1(36)", "11002", "10.456", "IV NT", "spont(3)", TAG, "W"],
        ["index 301", "M_DP_NA_1(3)", "301", "2", "", "spont(3)", "", "'-Q0"],
    ]


def test_a_signal_that_was_left_out() -> None:
    (signal,) = signals("301,Y,30,445,1,0,,,,,,110V DC FAULT")
    assert cells(row_of_skipped("index 301", signal, "not received: IOA 21001 within 5 s")) == [
        [
            "index 301",
            "M_SP_TB_1(30)",
            "445",
            "1",
            "",
            "",
            "",
            "not sent; not received: IOA 21001 within 5 s; 110V DC FAULT",
        ]
    ]
