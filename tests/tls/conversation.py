"""Two sessions that talk to each other without a network, and peers that break the rules."""

import ssl
from dataclasses import dataclass, field

from iec104mm2ss.tls.parameters import TlsParameters
from iec104mm2ss.tls.session import Session, TlsError


class Peer(Session):
    """A session under rules of its own."""

    def __init__(self, context: ssl.SSLContext, *, server: bool) -> None:
        self._peers: frozenset[str] = frozenset()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=server)
        self._first = None


def lax(tls: TlsParameters | None, *, server: bool = False) -> ssl.SSLContext:
    """A context that accepts every certificate and shows one where there are `tls`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if tls is not None:
        context.load_cert_chain(tls.cert, tls.key)
    return context


@dataclass
class Outcome:
    """What each end said in the end, empty where it was content."""

    server: str = ""
    client: str = ""
    ends: dict[str, Session] = field(default_factory=dict)


def talk(server: Session, client: Session) -> Outcome:
    """Carry octets to and fro until nobody has any; the client then waits for what comes after its handshake."""
    outcome = Outcome(ends={"server": server, "client": client})
    waiting = {"server", "client"}
    octets = b"start"
    while octets:
        octets = b""
        for name, other in (("client", server), ("server", client)):
            _step(outcome, name, waiting)
            sent = outcome.ends[name].take_output()
            if sent:
                other.feed(memoryview(sent))
                octets += sent
    return outcome


def _step(outcome: Outcome, name: str, waiting: set[str]) -> None:
    if getattr(outcome, name):
        return
    end = outcome.ends[name]
    try:
        if name not in waiting:
            end.read()
        elif end.shake_hands():
            waiting.remove(name)
    except TlsError as error:
        setattr(outcome, name, str(error))
