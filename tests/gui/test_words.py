from typing import Any

import pytest

from iec104mm2ss.console.snapshot import State
from iec104mm2ss.gui import columns, words
from iec104mm2ss.gui.columns import Row
from iec104mm2ss.gui.words import Weight
from tests.gui.fake_line import master, rtu, simulated


@pytest.mark.parametrize(
    ("changes", "text", "weight"),
    [
        ({}, "● ONLINE", Weight.NORMAL),
        ({"reason": "acknowledges late"}, "◆ ONLINE", Weight.NOTICE),
        ({"state": State.CONNECTED}, "◐ CONNECTED", Weight.NOTICE),
        ({"state": State.WAITING}, "○ WAITING", Weight.NOTICE),
        ({"state": State.BLOCKED}, "◇ BLOCKED", Weight.NOTICE),
        ({"state": State.RETRYING, "attempt": 14}, "▲ RETRYING #14", Weight.ALARM),
        ({"state": State.DISABLED}, "□ DISABLED", Weight.OFF),
        ({"state": State.FAULT}, "✖ FAULT", Weight.ALARM),
    ],
)
def test_a_state_is_a_glyph_and_a_word_and_asks_for_attention(
    changes: dict[str, Any], text: str, weight: Weight
) -> None:
    entry = rtu(1, **changes)
    assert (words.state(entry), words.weight(entry)) == (text, weight)


def test_every_state_has_a_glyph_of_its_own_and_a_meaning() -> None:
    assert len({*words.GLYPHS.values(), words.HAMPERED}) == len(State) + 1
    assert set(words.MEANINGS) == set(words.WEIGHTS) == set(words.GLYPHS) == set(State)


@pytest.mark.parametrize(
    ("rate", "text"), [(None, ""), (0.0, "0"), (0.2, "0.2"), (9.94, "9.9"), (9.96, "10"), (412.4, "412")]
)
def test_rates(rate: float | None, text: str) -> None:
    assert words.rate(rate) == text


def test_numbers_in_texts_sort_by_their_value() -> None:
    peers = ["10.1.1.10:2404", "10.1.1.9:2404", ""]
    assert sorted(peers, key=columns.natural) == ["", "10.1.1.9:2404", "10.1.1.10:2404"]


def test_cells_of_an_entry_that_is_away_are_empty() -> None:
    away = Row(master(1, 1, peer="", state=State.WAITING, reason="nobody is connected", event=""), 1.0, 1.0)
    assert [column.text(away) for column in (columns.RECEIVING, columns.SENDING, columns.WINDOW)] == ["", "", ""]
    assert columns.EVENT.text(away) == "nobody is connected"


def test_a_row_that_differs_from_the_file_is_marked() -> None:
    assert columns.LINE.text(Row(rtu(1, line=12))) == "12"
    assert columns.LINE.text(Row(rtu(1, line=12, edited=True))) == "12 *"


@pytest.mark.parametrize(
    ("place", "total", "text"), [(0, 0, ""), (0, 10, "░░░░░░░░ 0%"), (5, 10, "████░░░░ 50%"), (10, 10, "████████ 100%")]
)
def test_progress_of_an_index_send(place: int, total: int, text: str) -> None:
    entry = simulated(1)
    assert entry.sending is not None
    sending = type(entry.sending)(interrogation="", index=7, place=place, total=total, text="", data="")
    assert columns.PROGRESS.text(Row(simulated(1, sending=sending))) == text


def test_a_gateways_rows_have_nothing_in_the_simulators_columns() -> None:
    row = Row(rtu(1))
    shown = (columns.INTERROGATION, columns.INDEX, columns.PROGRESS, columns.DATA)
    assert [column.text(row) for column in shown] == ["", "", "", ""]
