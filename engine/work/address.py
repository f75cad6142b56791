"""Which addresses may be called: public ones, and private ones only where an administrator listed them.

The name is looked up once and the connection goes to the very address that was checked, so a name that answers differently the
second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from collections.abc import Iterator, Sequence

from headrace.engine.errors import AddressRefused
from headrace.engine.node import NotSent

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressGuard:
    """`allow`: networks (`10.0.0.0/8`), host names (`wms.internal`) and addresses with a port (`127.0.0.1:8017`) that may be
    called although they are private.
    """

    def __init__(self, allow: Sequence[str] = ()) -> None:
        doors = {door for entry in allow if (door := _door(entry)) is not None}
        self._doors = frozenset(doors)
        self._networks, self._hosts = _parsed([one for one in allow if _door(one) is None])

    def connect(
        self, host: str, port: int, timeout_s: float, kind: type[socket.socket] = socket.socket
    ) -> socket.socket:
        """A connected socket. Raises `AddressRefused`, or `NotSent` when nobody answers."""
        deadline = time.monotonic() + timeout_s
        trouble: OSError | None = None
        for family, address in self._allowed(host, port):
            sock = kind(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(max(deadline - time.monotonic(), 0.001))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
            except OSError as error:
                sock.close()
                trouble = error
            else:
                return sock
        raise NotSent(f"Expected {host}:{port} to take a connection, but: {trouble}") from trouble

    def _allowed(self, host: str, port: int) -> Iterator[tuple[int, tuple[str, int]]]:
        """What the name leads to and may be called; refused when there is nothing of that kind."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NotSent(f"Expected {host} to have an address, but: {error}") from error
        refused: str | None = None
        allowed = 0
        for family, _, _, _, address in found:
            if self.allows(host, str(address[0]), port):
                allowed += 1
                yield family, address  # type: ignore[misc]
            else:
                refused = str(address[0])
        if not allowed:
            raise AddressRefused(host=host, address=refused or "nothing")

    def allows(self, host: str, address: str, port: int | None = None) -> bool:
        """May this address be called under this name, at this port?"""
        meant = _meant(ipaddress.ip_address(address.partition("%")[0]))
        public = meant.is_global and not (meant.is_multicast or meant.is_reserved or _site(meant))
        listed = host.lower() in self._hosts or any(meant in net for net in self._networks)
        return public or listed or (meant, port) in self._doors


def _site(address: _Address) -> bool:
    """Private in the first plan of IPv6; Python counts it as global."""
    return isinstance(address, ipaddress.IPv6Address) and address.is_site_local


def _meant(address: _Address) -> _Address:
    """The IPv4 address an IPv6 address wraps, where it wraps one: the wrapping must not hide a private address."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address


_DOOR = re.compile(r"([0-9.]{7,15}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})")


def _door(entry: str) -> tuple[_Address, int] | None:
    """One address and one port: `127.0.0.1:8017`, `[::1]:8017`."""
    found = _DOOR.fullmatch(entry)
    try:
        return (ipaddress.ip_address(found[1].strip("[]")), int(found[2])) if found else None
    except ValueError:
        return None


def _parsed(allow: Sequence[str]) -> tuple[list[_Network], frozenset[str]]:
    networks: list[_Network] = []
    hosts: set[str] = set()
    for entry in allow:
        try:
            networks.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            hosts.add(entry.lower())
    return networks, frozenset(hosts)
