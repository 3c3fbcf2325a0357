"""The TLS of one connection without its socket: octets of the network in, octets of the peer out, and back."""

import contextlib
import ssl
from typing import Any, Final

from iec104mm2ss.tls.certificates import common_name, fingerprint, names
from iec104mm2ss.tls.context import context
from iec104mm2ss.tls.parameters import TlsParameters
from iec104mm2ss.tls.words import in_words

_RECORD: Final = 16 * 1024  # octets; RFC 8446, 5.1: the longest
_RECORDS: Final = range(0x14, 0x18)  # RFC 8446, 5.1: what a record begins with
_START_OF_AN_APDU: Final = 0x68


class TlsError(Exception):
    """The conversation is over; the message says why."""


class Session:
    """Feed what the network brings, take and write what it gives, also after an error: the peer is told why.

    `host` is the RTU's name or address in the role of a client, None in that of a server. Raises TlsFileError.
    """

    def __init__(self, tls: TlsParameters, host: str | None = None) -> None:
        made = context(tls, server=host is None)
        name = host.partition("%")[0] if host is not None and made.check_hostname else None
        self._peers = frozenset(tls.peers)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = made.wrap_bio(self._incoming, self._outgoing, server_side=host is None, server_hostname=name)
        self._first: int | None = None

    def feed(self, octets: memoryview) -> None:
        """Take what the network brought."""
        if self._first is None:
            self._first = octets[0]
        self._incoming.write(octets)

    def take_output(self) -> bytes:
        """Return what the network is to get, once."""
        return self._outgoing.read()

    def shake_hands(self) -> bool:
        """Go on as far as what was fed allows; return whether both ends know each other. Raises TlsError."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise TlsError(self._not_tls() or in_words(error)) from None
        self._check_peer()
        return True

    def _not_tls(self) -> str:
        if self._first is None or self._first in _RECORDS:
            return ""
        what = "IEC 104 without TLS" if self._first == _START_OF_AN_APDU else "something else"
        return f"it does not speak TLS but {what}"

    def _check_peer(self) -> None:
        if self._peers and not self._peers & {*names(self._certificate()), self._fingerprint()}:
            raise TlsError(f"{self.peer} is not among the allowed peers (see tls_peers); {self._fingerprint()}")

    @property
    def knows_at_once(self) -> bool:
        """Whether the end of the handshake means that the peer has accepted our certificate too.

        A server of TLS 1.3 reads the client's certificate only after the client is done (RFC 8446, 2).
        """
        return self._object.server_side or self.version != "TLSv1.3"

    @property
    def peer(self) -> str:
        """Who the peer is by its certificate, on one line."""
        name = common_name(self._certificate()) or min(names(self._certificate()), default="nameless")
        return "".join(character if character.isprintable() else "?" for character in name)

    @property
    def version(self) -> str:
        """`TLSv1.2` or `TLSv1.3`."""
        return self._object.version() or ""

    def read(self) -> bytes | None:
        """Return what the peer sent, empty when it has ended, None until more is fed. Raises TlsError."""
        try:
            return self._object.read(_RECORD)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLError as error:
            raise TlsError(in_words(error)) from None

    def write(self, octets: bytes) -> None:
        """Take what the peer is to get. Raises TlsError."""
        rest = memoryview(octets)
        try:
            while rest:
                rest = rest[self._object.write(rest) :]
        except ssl.SSLError as error:
            raise TlsError(in_words(error)) from None

    def end(self) -> None:
        """Tell the peer that nothing more comes; where that cannot be told any more, it is not."""
        with contextlib.suppress(ssl.SSLError):
            self._object.unwrap()

    def _certificate(self) -> dict[str, Any]:
        return self._object.getpeercert() or {}

    def _fingerprint(self) -> str:
        return fingerprint(self._object.getpeercert(binary_form=True) or b"")
