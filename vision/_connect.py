"""Connections that go only to addresses that were checked, and end by a deadline."""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import httpcore

# Beyond what `ipaddress` in every supported Python calls not global: anycast relays, and IPv6
# that tunnels to IPv4 or is set aside for documentation and protocols.
_IPV4_REFUSED: Final = tuple(
    ipaddress.IPv4Network(net) for net in ("192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4")
)
_IPV6_REFUSED: Final = tuple(
    ipaddress.IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_IPV6_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class Deadline:
    """A moment by which everything has to be done.

    Args:
        seconds: From now.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left.

        Raises:
            httpcore.TimeoutException: None are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline passed")
        return left


def is_public(address: str) -> bool:
    """Whether an IP address is a public host's, whatever form it is written in.

    An IPv4 address inside an IPv6 one (mapped, NAT64) is judged as what it is; the tunnels 6to4
    and Teredo are never public.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is None:
            return ip.is_global and ip in _IPV6_UNICAST and not any(ip in n for n in _IPV6_REFUSED)
        ip = inner
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in _IPV4_REFUSED)


def resolve(host: str, port: int, deadline: Deadline) -> list[str]:
    """The IP addresses of a host.

    Raises:
        OSError: The name can't be resolved.
        httpcore.TimeoutException: Not before the deadline.
    """
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except OSError as error:
            answers.put(error)
        except UnicodeError as error:
            answers.put(OSError(str(error)))

    # getaddrinfo takes no timeout: a thread of its own lets the deadline hold.
    threading.Thread(target=ask, name="deixis-resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except queue.Empty:
        raise httpcore.ConnectTimeout("name look-up took too long") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to given addresses, whatever the host's name may resolve to by now.

    The name still goes into the Host header and the check of the certificate.

    Args:
        addresses: IP addresses to try, in order.
        deadline: When to give up.
    """

    def __init__(self, addresses: Sequence[str], deadline: Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for tried, address in enumerate(self._addresses):
            # A dead address must not use up the time of the next.
            share = self._deadline.left() / (len(self._addresses) - tried)
            try:
                stream = self._plain.connect_tcp(
                    address, port, share, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _BoundedStream(stream, self._deadline)
        raise failure


class _BoundedStream(httpcore.NetworkStream):
    """A stream whose every wait ends by the deadline, so that a trickle can't outlast it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        left = self._deadline.left()
        return _BoundedStream(
            self._stream.start_tls(ssl_context, server_hostname, left), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
