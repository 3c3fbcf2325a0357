import pytest

from iec104mm2ss.settings.endpoints import Endpoint, read_endpoints


@pytest.mark.parametrize(
    ("text", "endpoints"),
    [
        ("127.0.0.1:2404;192.168.1.1:2405", [Endpoint("127.0.0.1", 2404), Endpoint("192.168.1.1", 2405)]),
        (" 127.0.0.1 : 2404 ; ;\n10.0.0.1:02404 ", [Endpoint("127.0.0.1", 2404), Endpoint("10.0.0.1", 2404)]),
        ("rtu-7.example:1", [Endpoint("rtu-7.example", 1)]),
        ("rtu_7.example.:65535", [Endpoint("rtu_7.example.", 65535)]),
        ("[::1]:2404", [Endpoint("::1", 2404)]),
        ("[fe80::1%eth0]:2404", [Endpoint("fe80::1%eth0", 2404)]),
        ("", []),
        (" ; ", []),
    ],
)
def test_hosts_are_taken_in_their_order(text: str, endpoints: list[Endpoint]) -> None:
    assert read_endpoints(text) == (tuple(endpoints), [])


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        ("127.0.0.1", "host '127.0.0.1' has no port; it should look like 127.0.0.1:2404"),
        ("a b", "host 'a b' has no port; it should look like 192.168.1.1:2404"),
        ("h:0", "host 'h:0' has the port '0', which should be a whole number from 1 to 65535"),
        ("h:65536", "host 'h:65536' has the port '65536', which should be a whole number from 1 to 65535"),
        ("h:", "host 'h:' has the port '', which should be a whole number from 1 to 65535"),
        (
            "::1:2404",
            "host '::1:2404' should look like 192.168.1.1:2404, rtu-7.example:2404 or [2001:db8::7]:2404",
        ),
    ],
)
def test_a_bad_item_says_what_it_should_be(item: str, complaint: str) -> None:
    assert read_endpoints(item) == ((), [complaint])


@pytest.mark.parametrize(
    "host", ["", "300.1.1.1", "10.1.1", "010.1.1.1", "-x", "a..b", "x" * 64, "a." * 127, "[127.0.0.1]", "[]", "[g::]"]
)
def test_a_host_that_cannot_be_one_is_refused(host: str) -> None:
    endpoints, complaints = read_endpoints(f"{host}:2404")
    assert endpoints == ()
    assert "has no usable address or name before its port" in complaints[0]


@pytest.mark.parametrize("zone", ["", "\x1b[2J", "a b"])
def test_a_zone_is_a_plain_word(zone: str) -> None:
    assert read_endpoints(f"[fe80::1%{zone}]:2404")[0] == ()


def test_good_items_stay_beside_bad_ones() -> None:
    endpoints, complaints = read_endpoints("x;10.0.0.1:1;y:z")
    assert endpoints == (Endpoint("10.0.0.1", 1),)
    assert [complaint[:8] for complaint in complaints] == ["host 'x'", "host 'y:"]


def test_an_endpoint_is_written_as_it_is_read() -> None:
    assert str(Endpoint("10.0.0.1", 2404)) == "10.0.0.1:2404"
    assert str(Endpoint("::1", 2404)) == "[::1]:2404"
