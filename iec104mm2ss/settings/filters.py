"""The hosts of a master's row: addresses and networks from which its port may be connected."""

from collections.abc import Iterable
from dataclasses import dataclass

from netaddr import AddrFormatError, IPAddress, IPNetwork

from iec104mm2ss.settings.cells import shown
from iec104mm2ss.settings.endpoints import ITEMS, is_name

_MAPPED_PREFIX = 96  # ::ffff:0:0/96 holds the IPv4-mapped addresses (RFC 4291, 2.5.5.2)


@dataclass(frozen=True, slots=True)
class HostFilter:
    """Who may connect. `networks` is None for everybody; an empty tuple accepts nobody."""

    networks: tuple[IPNetwork, ...] | None = None

    def accepts(self, address: str) -> bool:
        """Whether a peer's address passes; IPv4-mapped peers count as IPv4, a zone (`%eth0`) is not looked at."""
        if self.networks is None:
            return True
        try:
            peer = IPAddress(address.partition("%")[0])
        except (AddrFormatError, ValueError):
            return False
        if peer.version == 6 and peer.is_ipv4_mapped():  # noqa: PLR2004 - the IP version
            peer = peer.ipv4()
        return any(peer in network for network in self.networks)

    def names(self, address: str) -> bool:
        """Whether this very address is an item, not just one of a network's."""
        return address in map(_written, self.networks or ())

    def __str__(self) -> str:
        if self.networks is None:
            return "everybody"
        return ";".join(map(_written, self.networks)) or "nobody"


def read_filter(text: str) -> tuple[HostFilter, list[str]]:
    """A filter cell and what to warn about. An empty cell accepts everybody, one without any usable item nobody."""
    if not text.strip():
        return HostFilter(), ["the filter is empty: every address is accepted; list addresses or networks to limit it"]
    networks: list[IPNetwork] = []
    complaints: list[str] = []
    for item in filter(None, map(str.strip, ITEMS.split(text))):
        networks += _networks(item, complaints)
    if not networks:
        complaints.append("no item of the filter is usable: nobody is accepted")
    return HostFilter(tuple(networks)), complaints


def _networks(item: str, complaints: list[str]) -> Iterable[IPNetwork]:
    address, percent, zone_and_prefix = item.partition("%")
    zone, slash, prefix = zone_and_prefix.partition("/")
    try:
        network = _unmapped(IPNetwork(address + slash + prefix))
    except (AddrFormatError, ValueError):
        complaints.append(_unusable(item))
        return ()
    if percent:
        complaints.append(f"filter {shown(item)}: the zone {shown(zone)} is not checked")
    if network.ip != network.network:
        complaints.append(f"filter {shown(item)} has host bits set; it is taken as the network {network.cidr}")
    return (network.cidr,)


def _unmapped(network: IPNetwork) -> IPNetwork:
    mapped = network.version == 6 and network.ip.is_ipv4_mapped()  # noqa: PLR2004 - the IP version
    return network.ipv4() if mapped and network.prefixlen >= _MAPPED_PREFIX else network


def _unusable(item: str) -> str:
    if any(map(str.isalpha, item)) and is_name(item):
        return f"filter {shown(item)} is a name, and names are not looked up; write its address"
    return f"filter {shown(item)} is not usable; it should look like 192.168.1.16 or 192.168.1.0/24"


def _written(network: IPNetwork) -> str:
    return str(network.ip) if network.size == 1 else str(network)
