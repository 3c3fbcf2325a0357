from iec104mm2ss.simulator.selection import SELECT_TIMEOUT
from tests.simulator.bay import GATEWAY, OTHER, TAG, WALL, ask, bay, digits

# C_DC_NA_1 of 21001, whose status is the double point 301; S/E is 0x80.
SELECT_OFF, SELECT_ON = "2e010600 2000 095200 81", "2e010600 2000 095200 82"
EXECUTE_OFF, EXECUTE_ON = "2e010600 2000 095200 01", "2e010600 2000 095200 02"
CANCEL_OFF = "2e010800 2000 095200 81"
SELECTED = digits("2e010700 2000 095200 81")  # actcon
NOT_SELECTED = digits("2e014700 2000 095200 81")  # negative actcon
EXECUTED = digits(
    "2e010700 2000 095200 01",  # actcon
    f"1f010b00 2000 2d0100 01 {TAG.hex()}",  # M_DP_TB_1 retrem(11): 301 OFF
    "2e010a00 2000 095200 01",  # actterm
)
NOT_EXECUTED = digits("2e014700 2000 095200 01")


def test_select_and_execute() -> None:
    station = bay()
    assert ask(station, SELECT_OFF) == SELECTED
    assert station.reading(301).value == 2
    assert ask(station, EXECUTE_OFF) == EXECUTED
    assert station.reading(301).value == 1


def test_an_interrogation_shows_what_was_commanded() -> None:
    station = bay()
    ask(station, SELECT_OFF)
    ask(station, EXECUTE_OFF)
    assert ask(station, "64010600 2000 000000 14")[1] == digits("03021400 2000 2d0100 01 2f0100 01")[0]


def test_execute_without_the_select_that_is_required() -> None:
    assert ask(bay(), EXECUTE_OFF) == NOT_EXECUTED


def test_a_selection_is_for_one_execute() -> None:
    station = bay()
    ask(station, SELECT_OFF)
    ask(station, EXECUTE_OFF)
    assert ask(station, EXECUTE_OFF) == NOT_EXECUTED


def test_execute_of_another_order_than_was_selected_ends_the_selection() -> None:
    station = bay()
    ask(station, SELECT_OFF)
    assert ask(station, EXECUTE_ON) == digits("2e014700 2000 095200 02")
    assert ask(station, EXECUTE_OFF) == NOT_EXECUTED


def test_another_connection_neither_selects_nor_executes_nor_cancels_what_is_selected() -> None:
    station = bay()
    ask(station, SELECT_OFF)
    assert ask(station, SELECT_OFF, session=OTHER) == NOT_SELECTED
    assert ask(station, EXECUTE_OFF, session=OTHER) == NOT_EXECUTED
    assert ask(station, CANCEL_OFF, session=OTHER) == digits("2e014900 2000 095200 81")
    assert ask(station, EXECUTE_OFF) == EXECUTED


def test_another_originator_on_the_same_connection_is_another_owner() -> None:
    station = bay()
    ask(station, SELECT_OFF)
    assert ask(station, "2e010602 2000 095200 81") == digits("2e014702 2000 095200 81")
    assert ask(station, EXECUTE_OFF) == EXECUTED


def test_a_selection_lasts_30_seconds() -> None:
    assert SELECT_TIMEOUT == 30.0
    station = bay()
    ask(station, SELECT_OFF, now=100.0)
    assert ask(station, SELECT_OFF, session=OTHER, now=129.9) == NOT_SELECTED
    assert ask(station, EXECUTE_OFF, now=130.0) == NOT_EXECUTED
    assert ask(station, SELECT_OFF, session=OTHER, now=130.0) == SELECTED


def test_its_owner_renews_a_selection() -> None:
    station = bay()
    ask(station, SELECT_OFF, now=100.0)
    assert ask(station, SELECT_OFF, now=120.0) == SELECTED
    assert ask(station, EXECUTE_OFF, now=149.9) == EXECUTED


def test_cancel() -> None:
    station = bay()
    ask(station, SELECT_OFF)
    assert ask(station, CANCEL_OFF) == digits("2e010900 2000 095200 81")  # deactcon
    assert ask(station, CANCEL_OFF) == digits("2e014900 2000 095200 81")  # nothing to cancel
    assert ask(station, EXECUTE_OFF) == NOT_EXECUTED


def test_a_lost_connection_ends_its_selections_and_no_others() -> None:
    station = bay()
    ask(station, SELECT_OFF, session=OTHER)
    ask(station, "2d010600 2000 0a5200 81", session=GATEWAY)  # select of 21002
    station.forget(OTHER)
    assert ask(station, SELECT_OFF, session=GATEWAY) == SELECTED
    assert ask(station, "2d010600 2000 0a5200 81", session=OTHER) == digits("2d014700 2000 0a5200 81")


def test_a_double_command_without_an_order_is_refused() -> None:
    for order in ("80", "83", "00", "03"):
        assert ask(bay(), f"2e010600 2000 095200 {order}") == digits(f"2e014700 2000 095200 {order}")


def test_a_command_with_time_tag_is_mirrored_with_tag_qualifier_and_originator() -> None:
    station = bay()
    tag = "0102030405061a"
    # C_DC_TA_1 (59), OA 4, OFF, QU 1 (short pulse)
    assert ask(station, f"3b010604 2000 095200 85 {tag}") == digits(f"3b010704 2000 095200 85 {tag}")
    assert ask(station, f"3b010604 2000 095200 05 {tag}") == digits(
        f"3b010704 2000 095200 05 {tag}",
        f"1f010b00 2000 2d0100 01 {TAG.hex()}",  # the return information is for everybody: OA 0
        f"3b010a04 2000 095200 05 {tag}",
    )


def test_a_single_command_that_needs_no_select() -> None:
    station = bay()
    assert ask(station, "2d010600 2000 0a5200 01") == digits(
        "2d010700 2000 0a5200 01",
        f"1e010b00 2000 bf0100 01 {TAG.hex()}",  # M_SP_TB_1 retrem: 447 ON
        "2d010a00 2000 0a5200 01",
    )
    tagged = f"3a010600 2000 0a5200 00 {TAG.hex()}"  # C_SC_TA_1 (58): OFF
    assert len(ask(station, tagged)) == 3
    assert station.reading(447).value == 0


def test_a_test_command_is_answered_and_moves_nothing() -> None:
    station = bay()
    assert ask(station, "2d018600 2000 0a5200 01") == digits("2d018700 2000 0a5200 01", "2d018a00 2000 0a5200 01")
    assert station.reading(447).value == 0


def test_a_control_without_a_status_point_is_confirmed_and_terminated() -> None:
    assert ask(bay(), "2e010600 2000 0b5200 02") == digits("2e010700 2000 0b5200 02", "2e010a00 2000 0b5200 02")


def test_the_status_may_change_on_its_own_between_select_and_execute() -> None:
    station = bay()
    ask(station, SELECT_OFF)
    station.change(301, 1, WALL)
    assert ask(station, EXECUTE_OFF) == EXECUTED
