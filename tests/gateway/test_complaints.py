from iec104mm2ss.gateway.complaints import Complaints
from iec104mm2ss.settings.endpoints import Endpoint

A, B = Endpoint("10.1.1.1", 2404), Endpoint("10.1.1.2", 2405)


def test_each_host_is_told_once_and_again_when_the_reason_changes() -> None:
    complaints = Complaints()
    assert complaints.is_news(A)
    assert complaints.failed(A, "Connection refused", 0.0) == "no connection to 10.1.1.1:2404: Connection refused"
    assert not complaints.is_news(A)
    assert complaints.failed(B, "Connection refused", 1.0) == "no connection to 10.1.1.2:2405: Connection refused"
    assert complaints.failed(A, "Connection refused", 2.0) is None
    assert complaints.failed(A, "No route to host", 3.0) == "no connection to 10.1.1.1:2404: No route to host"


def test_an_hour_of_the_same_is_one_line() -> None:
    complaints = Complaints()
    lines = [complaints.failed(A, "refused", float(second)) for second in range(0, 7201, 10)]
    assert [(10 * place, line) for place, line in enumerate(lines) if line] == [
        (0, "no connection to 10.1.1.1:2404: refused"),
        (3600, "still no connection after 361 tries; the last one to 10.1.1.1:2404: refused"),
        (7200, "still no connection after 721 tries; the last one to 10.1.1.1:2404: refused"),
    ]


def test_a_connection_ends_it_and_says_how_long_the_rtu_was_missed() -> None:
    complaints = Complaints()
    assert complaints.connected(1.0) is None
    complaints.lost(10.0)
    complaints.failed(A, "refused", 11.0)
    assert complaints.connected(17.0) == 7.0
    assert complaints.is_news(A)
    assert complaints.connected(18.0) is None
    assert complaints.failed(A, "refused", 20.0) == "no connection to 10.1.1.1:2404: refused"
