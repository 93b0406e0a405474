"""Images by URL: public hosts only, bounded in bytes, redirects and time."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from deixis.vision._errors import FetchError

if TYPE_CHECKING:
    import httpcore
    import httpx

    from deixis.vision._connect import Deadline
    from deixis.vision._images import ImageLimits

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
_HEADERS: Final = (
    (b"User-Agent", b"deixis"),
    (b"Accept", b"image/*, application/pdf"),
    (b"Accept-Encoding", b"identity"),
)


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, /, max_length: int) -> bytes: ...


def public_url(url: str) -> str:
    """The URL as it may be shown: no user, password, query or fragment, which can hold keys."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the URL"
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    line = "".join(char if char.isprintable() else "?" for char in shown)
    return line if len(line) <= 200 else f"{line[:120]}…{line[-60:]}"


def fetch_image_bytes(url: str, *, limits: ImageLimits) -> bytes:
    """Download what is at an http(s) URL, without looking at what it is.

    The host's name is looked up here, each address must be public, and the connection goes to
    one of those very addresses; so again after every redirect. Proxies and credentials of the
    environment aren't used.

    Args:
        url: An http or https address without user name or password.
        limits: Bounds on bytes, redirects and seconds, and whether private hosts are allowed.

    Raises:
        FetchError: The address is refused, or didn't deliver within the limits.
    """
    from deixis.vision._connect import Deadline

    deadline = Deadline(limits.seconds)
    target = _parse(url)
    for _ in range(limits.redirects + 1):
        answer = _get(target, limits, deadline)
        if isinstance(answer, bytes):
            return answer
        target = _redirected(target, answer)
    raise FetchError(
        f"{public_url(url)} redirects more than {limits.redirects} times: give the final address"
    )


def _parse(url: str) -> httpx.URL:
    import httpx

    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        # Neither it nor the cause is shown: what can't be taken apart can't be cleaned of keys.
        raise FetchError("the URL is malformed: write it as https://host/path") from None
    return _checked(target)


def _checked(target: httpx.URL) -> httpx.URL:
    if target.scheme not in _PORTS:
        raise FetchError(f"{target.scheme or 'relative'} addresses aren't fetched: give http(s)")
    if target.userinfo:
        raise FetchError(
            "the URL holds a user name or password: download the image yourself and give its path"
        )
    if not target.host or "%" in target.host or (target.port or 1) not in range(1, 65536):
        raise FetchError("the URL has no valid host or port: write it as https://host/path")
    return target


def _redirected(origin: httpx.URL, location: str) -> httpx.URL:
    import httpx

    shown = public_url(str(origin))
    try:
        target = origin.join(location)
    except httpx.InvalidURL:
        raise FetchError(f"{shown} redirects to a malformed address: give the final one") from None
    try:
        _checked(target)
    except FetchError as error:
        raise FetchError(f"{shown} redirects to an address that is refused: {error}") from None
    if origin.scheme == "https" and target.scheme == "http":
        raise FetchError(f"{shown} redirects from https to http: give an https address")
    return target


def _get(target: httpx.URL, limits: ImageLimits, deadline: Deadline) -> bytes | str:
    """The body, or where the answer redirects to."""
    import httpcore

    shown = public_url(str(target))
    try:
        addresses = _addresses(target, limits, deadline)
        return _request(target, addresses, limits, deadline)
    except httpcore.TimeoutException as error:
        raise FetchError(
            f"{shown} didn't deliver within {limits.seconds:g} s: try again later, "
            "or raise ImageLimits.seconds"
        ) from error
    except httpcore.ConnectError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            why = f"{target.host} has no valid certificate: check the address"
        else:
            why = f"can't connect to {target.host}: check the address and the network"
        raise FetchError(f"{shown} can't be fetched, {why}") from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise FetchError(f"{shown} broke off or doesn't speak HTTP: try again later") from error
    except zlib.error as error:
        raise FetchError(f"{shown} sends damaged data: try again later") from error


def _addresses(target: httpx.URL, limits: ImageLimits, deadline: Deadline) -> list[str]:
    from deixis.vision._connect import is_public, resolve

    host = target.raw_host.decode("ascii")
    try:
        addresses = resolve(host, target.port or _PORTS[target.scheme], deadline)
    except OSError as error:
        raise FetchError(f"the host {target.host} can't be found: check the spelling") from error
    if not limits.private_addresses and not all(map(is_public, addresses)):
        raise FetchError(
            f"the host {target.host} isn't public: give the file's path, or allow it with "
            "ImageLimits(private_addresses=True)"
        )
    return addresses


def _request(
    target: httpx.URL, addresses: list[str], limits: ImageLimits, deadline: Deadline
) -> bytes | str:
    import httpcore

    from deixis.vision._connect import PinnedBackend

    url = httpcore.URL(
        scheme=target.raw_scheme,
        host=target.raw_host,
        port=target.port,
        target=target.raw_path,
    )
    backend = PinnedBackend(addresses, deadline)
    with (
        httpcore.ConnectionPool(network_backend=backend) as pool,
        pool.stream("GET", url, headers=list(_HEADERS)) as response,
    ):
        headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
        if response.status in _REDIRECTS and b"location" in headers:
            return headers[b"location"]
        shown = public_url(str(target))
        if not 200 <= response.status < 300:
            raise FetchError(f"{shown} answered with status {response.status}: check the address")
        return _body(response, headers, limits, shown)


def _body(
    response: httpcore.Response, headers: Mapping[bytes, str], limits: ImageLimits, shown: str
) -> bytes:
    """The decompressed body, never holding more than the limit and one read."""
    too_large = FetchError(
        f"{shown} is over the limit of {limits.bytes:,} bytes: give a smaller image, "
        "or raise ImageLimits.bytes"
    )
    declared = headers.get(b"content-length", "")
    if declared.isdecimal() and int(declared) > limits.bytes:
        raise too_large
    unpack = _unpacker(headers.get(b"content-encoding", ""), shown)
    body, sent = bytearray(), 0
    for chunk in response.iter_stream():
        sent += len(chunk)
        body += chunk if unpack is None else unpack.decompress(chunk, limits.bytes + 1 - len(body))
        # What is sent counts too: compressed data can go on for ever and unpack to nothing.
        if max(sent, len(body)) > limits.bytes:
            raise too_large
    if unpack is not None and not unpack.eof:
        raise FetchError(f"{shown} was cut off: try again later")
    return bytes(body)


def _unpacker(encoding: str, shown: str) -> _Unpacker | None:
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            # +32: a gzip or zlib header, whichever is there.
            return zlib.decompressobj(zlib.MAX_WBITS + 32)
        case _:
            raise FetchError(
                f"{shown} is sent in a compression that wasn't asked for: download it yourself "
                "and give its path"
            )
