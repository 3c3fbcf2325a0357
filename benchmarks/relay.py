"""No gateway: what the RTU sends goes to every master octet by octet, what the first master sends goes to the RTU.

It knows no frame, no window and no address, so its figures are what the load generator and the sockets give: the
ceiling. All masters must know the RTU by its own CA; nothing is read from them until all are there, so that all see the
answer to the first one's STARTDT act.
"""

import selectors
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import site

READ_SIZE = 65536


def relay(group: site.GroupRow) -> None:
    """Serve one group until somebody closes."""
    rtu = _quick(socket.create_connection((site.HOST, group.rtu_port)))
    first, *others = masters = _accept_all(group.masters)
    selector = selectors.DefaultSelector()
    for sock in (rtu, *masters):
        selector.register(sock, selectors.EVENT_READ)
    receivers = {rtu: masters, first: [rtu]} | {other: [] for other in others}
    while True:
        for key, _ in selector.select():
            if not _pass_on(key.fileobj, receivers):
                return


def _pass_on(sender: object, receivers: dict[socket.socket, list[socket.socket]]) -> bool:
    assert isinstance(sender, socket.socket)
    octets = sender.recv(READ_SIZE)
    for receiver in receivers[sender]:
        receiver.sendall(octets)
    return bool(octets)


def _accept_all(rows: Sequence[site.MasterRow]) -> list[socket.socket]:
    listeners = [socket.create_server((site.HOST, row.port)) for row in rows]
    return [_quick(listener.accept()[0]) for listener in listeners]


def _quick(sock: socket.socket) -> socket.socket:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


if __name__ == "__main__":
    relay(site.read(Path(sys.argv[1]))[0])
