"""The TLS handshakes in progress on one listening port."""

from collections.abc import Callable

from iec104mm2ss.tls.parameters import TlsParameters
from iec104mm2ss.tls.session import Session
from iec104mm2ss.transport.tls_layer import TlsLayer

NOT_IN_THE_FILTER = "not in the filter"
_MOST = 16


class Handshakes:
    """The filter is asked before an octet is read or sent. Of more than 16 at a time the oldest gives way.

    So peers that stall keep nobody out: a handshake that is going to succeed takes a few round trips.
    """

    def __init__(
        self, tls: TlsParameters, accepts: Callable[[str], bool], on_refused: Callable[[str, str], None]
    ) -> None:
        self._tls = tls
        self._accepts = accepts
        self._on_refused = on_refused
        self._running: dict[TlsLayer, None] = {}

    def tcp_connected(self, layer: TlsLayer) -> None:
        """Begin the handshake, or refuse."""
        try:
            session = Session(self._tls) if self._accepts(layer.host) else None
        except OSError as error:
            self._refuse(layer, str(error))
        else:
            if session is None:
                self._refuse(layer, NOT_IN_THE_FILTER)
            else:
                self._begin(layer, session)

    def _begin(self, layer: TlsLayer, session: Session) -> None:
        if len(self._running) >= _MOST:
            oldest = next(iter(self._running))
            del self._running[oldest]
            self._refuse(oldest, f"TLS: {_MOST} other handshakes began before this one was finished")
        self._running[layer] = None
        layer.shake_hands(session)

    def _refuse(self, layer: TlsLayer, reason: str) -> None:
        layer.close()
        self._on_refused(layer.peer, reason)

    def secured(self, layer: TlsLayer) -> None:
        """Forget one that has succeeded."""
        del self._running[layer]

    def failed(self, layer: TlsLayer, reason: str) -> None:
        """Report one that has not."""
        del self._running[layer]
        self._on_refused(layer.peer, reason)

    def close(self) -> None:
        """End all that are in progress, unreported."""
        for layer in self._running:
            layer.abort()
        self._running.clear()
