import pytest

from iec104mm2ss.settings.filters import HostFilter, read_filter


@pytest.mark.parametrize(
    ("text", "address", "accepted"),
    [
        ("192.168.1.16", "192.168.1.16", True),
        ("192.168.1.16", "192.168.1.17", False),
        ("192.168.1.16;127.0.0.0/24;10.1.1.0/24  ", "10.1.1.255", True),
        (" 10.1.1.0/24", "10.1.2.0", False),
        ("10.1.1.0/255.255.255.0", "10.1.1.7", True),
        ("0.0.0.0/0", "8.8.8.8", True),
        ("0.0.0.0/0", "::1", False),
        ("::1", "::1", True),
        ("2001:db8::/32", "2001:db8::7", True),
        ("2001:db8::/32", "32.1.13.184", False),
        ("10.0.0.1;\n10.0.0.2", "10.0.0.2", True),
    ],
)
def test_addresses_and_networks_are_accepted(text: str, address: str, accepted: object) -> None:
    host_filter, complaints = read_filter(text)
    assert complaints == []
    assert host_filter.accepts(address) is accepted


@pytest.mark.parametrize("network", ["192.168.1.0/24", "::ffff:192.168.1.0/120"])
def test_mapped_peers_and_mapped_networks_count_as_ipv4(network: str) -> None:
    host_filter, _ = read_filter(network)
    assert host_filter.accepts("::ffff:192.168.1.16")
    assert host_filter.accepts("192.168.1.16")
    assert not host_filter.accepts("::ffff:192.168.2.16")


def test_a_network_wider_than_the_mapped_addresses_stays_ipv6() -> None:
    host_filter, complaints = read_filter("::ffff:0:0/64")
    assert host_filter.accepts("::7")
    assert "has host bits set" in complaints[0]


@pytest.mark.parametrize("address", ["fe80::1", "fe80::1%eth0", "fe80::1%3"])
def test_the_zone_of_a_peer_is_not_looked_at(address: str) -> None:
    assert read_filter("fe80::/10")[0].accepts(address)


@pytest.mark.parametrize("address", ["", "x", "127.0.0.1.1", "%eth0", "127.0.0.1\0", "127.0.0.1/32"])
def test_what_is_no_address_is_not_accepted(address: str) -> None:
    assert not read_filter("0.0.0.0/0;::/0")[0].accepts(address)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_filter_accepts_everybody_with_a_warning(text: str) -> None:
    host_filter, complaints = read_filter(text)
    assert host_filter.accepts("203.0.113.9")
    assert complaints == ["the filter is empty: every address is accepted; list addresses or networks to limit it"]


@pytest.mark.parametrize("text", [";", " ; ;", "garbage", "10.1.1;010.1.1.1", "10.0.0.0/33"])
def test_a_filter_without_any_usable_item_accepts_nobody(text: str) -> None:
    host_filter, complaints = read_filter(text)
    assert not host_filter.accepts("10.1.1.1")
    assert complaints[-1] == "no item of the filter is usable: nobody is accepted"


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        ("192.168.1.16/24", "filter '192.168.1.16/24' has host bits set; it is taken as the network 192.168.1.0/24"),
        ("scada-1", "filter 'scada-1' is a name, and names are not looked up; write its address"),
        ("10.1.1", "filter '10.1.1' is not usable; it should look like 192.168.1.16 or 192.168.1.0/24"),
        ("010.1.1.1", "filter '010.1.1.1' is not usable; it should look like 192.168.1.16 or 192.168.1.0/24"),
        ("1.2.3.4/24/2", "filter '1.2.3.4/24/2' is not usable; it should look like 192.168.1.16 or 192.168.1.0/24"),
        ("fe80::1%eth0", "filter 'fe80::1%eth0': the zone 'eth0' is not checked"),
        ("fe80::%eth0/64", "filter 'fe80::%eth0/64': the zone 'eth0' is not checked"),
    ],
)
def test_an_odd_item_is_named_and_the_others_count(item: str, complaint: str) -> None:
    host_filter, complaints = read_filter(f"{item};127.0.0.1")
    assert complaints == [complaint]
    assert host_filter.accepts("127.0.0.1")
    assert not host_filter.accepts("203.0.113.9")


def test_a_zone_in_the_filter_keeps_the_prefix() -> None:
    host_filter, _ = read_filter("fe80::%eth0/64")
    assert host_filter.accepts("fe80::7%eth1")
    assert not host_filter.accepts("fe80:0:0:1::7")


@pytest.mark.parametrize(
    ("text", "written"),
    [("10.0.0.1; 10.1.0.9/24", "10.0.0.1;10.1.0.0/24"), ("::1", "::1"), ("", "everybody"), ("x", "nobody")],
)
def test_a_filter_is_written_as_it_counts(text: str, written: str) -> None:
    assert str(read_filter(text)[0]) == written


def test_an_address_is_named_by_an_item_of_its_own_alone() -> None:
    host_filter, _ = read_filter("10.0.0.7;10.1.0.0/16;::1")
    assert host_filter.names("10.0.0.7")
    assert host_filter.names("::1")
    assert not host_filter.names("10.1.0.7")
    assert not HostFilter().names("10.0.0.7")


def test_filters_are_compared_by_what_they_accept() -> None:
    assert read_filter("10.0.0.7/24")[0] == read_filter(" 10.0.0.0/24")[0]
    assert hash(read_filter("10.0.0.7/24")[0]) == hash(read_filter("10.0.0.0/24")[0])
    assert HostFilter() != HostFilter(())
