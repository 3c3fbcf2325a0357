"""The hosts of an RTU's row: `host:port` items, tried in their order."""

import re
from dataclasses import dataclass

from netaddr import valid_ipv4, valid_ipv6

from iec104mm2ss.settings.cells import UnusableError, shown, whole

ITEMS = re.compile(r"[;\n]")
_HOST_AND_PORT = re.compile(r"(?:\[([^\[\]]*)\]|([^:\[\]]*))\s*:\s*([^:]*)")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_ZONE = re.compile(r"[A-Za-z0-9_.-]+")
_LONGEST_NAME = 253
_port = whole(1, 65535)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an RTU listens: a name, an IPv4 address or an IPv6 address (without brackets), and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_host(text: str) -> bool:
    """Whether `text` can be a host: an IPv4 address in four parts, an IPv6 address (with a zone or not) or a name."""
    if ":" in text:
        return is_ipv6(text)
    if re.fullmatch(r"[0-9.]+", text):
        return valid_ipv4(text)
    return is_name(text)


def is_ipv6(text: str) -> bool:
    """Whether `text` is an IPv6 address, with a zone (`fe80::1%eth0`) or without."""
    address, percent, zone = text.partition("%")
    return valid_ipv6(address) and (not percent or _ZONE.fullmatch(zone) is not None)


def is_name(text: str) -> bool:
    """Whether `text` can be a host name (RFC 1123, with the underscores that are found in practice)."""
    labels = text.removesuffix(".").split(".")
    return len(text) <= _LONGEST_NAME and all(_LABEL.fullmatch(label) for label in labels)


def read_endpoints(text: str) -> tuple[tuple[Endpoint, ...], list[str]]:
    """The usable items of a hosts cell, in order, and a complaint about each of the others."""
    endpoints: list[Endpoint] = []
    complaints: list[str] = []
    for item in filter(None, map(str.strip, ITEMS.split(text))):
        try:
            endpoints.append(_endpoint(item))
        except UnusableError as error:
            complaints.append(f"host {shown(item)} {error}")
    return tuple(endpoints), complaints


def _endpoint(item: str) -> Endpoint:
    match = _HOST_AND_PORT.fullmatch(item)
    if not match:
        raise UnusableError(_how_to_write(item))
    bracketed, plain, port = match.groups()
    host = (bracketed or plain or "").strip()
    if not is_host(host) or (bracketed and ":" not in bracketed):
        raise UnusableError("has no usable address or name before its port; it should look like 192.168.1.1:2404")
    try:
        return Endpoint(host, _port(port))
    except UnusableError as error:
        raise UnusableError(f"has the port {shown(port)}, which {error}") from None


def _how_to_write(item: str) -> str:
    if ":" not in item:
        return f"has no port; it should look like {item if is_host(item) else '192.168.1.1'}:2404"
    return "should look like 192.168.1.1:2404, rtu-7.example:2404 or [2001:db8::7]:2404"
