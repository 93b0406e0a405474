import http.server
import shutil
import socket
import ssl
import subprocess
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest

from deixis.vision._connect import is_public
from deixis.vision._errors import FetchError, ImageError
from deixis.vision._fetch import fetch_image_bytes, public_url
from deixis.vision._images import ImageLimits, load_image
from tests.conftest import missing
from tests.vision.hostile_server import picture, serving

Handler = http.server.BaseHTTPRequestHandler
LOCAL = ImageLimits(private_addresses=True, seconds=5)
SMALL = ImageLimits(private_addresses=True, seconds=5, bytes=10_000)
PUBLIC = ImageLimits(seconds=5)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serving() as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Host names and the addresses they resolve to, one after the other at each look-up."""
    known: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *rest: Any, **options: Any) -> Any:
        addresses = known.get(host)
        if addresses is None:
            return real(host, port, *rest, **options)
        now = addresses[0] if len(addresses) == 1 else addresses.pop(0)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in now.split()
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


@pytest.fixture
def internet(base: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every connection ends at the test's server; the addresses it was meant for."""
    asked: list[str] = []
    real = socket.create_connection
    server = ("127.0.0.1", int(base.rpartition(":")[2]))

    def connect(address: tuple[str, int], *rest: Any, **options: Any) -> socket.socket:
        asked.append(address[0])
        return real(server, *rest, **options)

    monkeypatch.setattr(socket, "create_connection", connect)
    return asked


def refusal(url: str, limits: ImageLimits) -> str:
    with pytest.raises(FetchError) as error:
        fetch_image_bytes(url, limits=limits)
    text = str(error.value)
    assert "\n" not in text
    assert "secret" not in "".join(traceback.format_exception(error.value)).replace(url, "")
    assert "secret" not in text
    return text


# What works


def test_an_image_is_fetched(base: str) -> None:
    assert fetch_image_bytes(f"{base}/sign.png", limits=LOCAL) == picture()


def test_load_image_takes_a_url_and_shows_it_without_its_query(base: str) -> None:
    image = load_image(f"{base}/sign.png?key=secret", limits=LOCAL)
    assert (image.size, image.source) == ((40, 30), f"{base}/sign.png")


def test_a_redirect_is_followed(base: str) -> None:
    assert fetch_image_bytes(f"{base}/moved", limits=LOCAL) == picture()


def test_a_compressed_body_is_unpacked(base: str) -> None:
    assert fetch_image_bytes(f"{base}/gzip", limits=LOCAL) == picture()


def test_a_body_is_no_longer_than_it_claims(base: str) -> None:
    assert fetch_image_bytes(f"{base}/claims-less", limits=LOCAL) == b"x" * 10


def test_the_request_names_its_host_and_nothing_of_the_user(base: str) -> None:
    sent = fetch_image_bytes(f"{base}/headers", limits=LOCAL).decode()
    host = base.removeprefix("http://")
    assert f"('Host', '{host}')" in sent
    assert not any(name in sent for name in ("Cookie", "Authorization", "Referer"))


def test_proxies_of_the_environment_arent_used(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch_image_bytes(f"{base}/sign.png", limits=LOCAL) == picture()


def test_a_dead_address_is_passed_over(base: str, names: dict[str, list[str]]) -> None:
    names["sign.example"] = ["127.0.0.2 127.0.0.1"]
    url = base.replace("127.0.0.1", "sign.example")
    assert fetch_image_bytes(f"{url}/sign.png", limits=LOCAL) == picture()


# Who may be asked


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127。0。0。1",
        "0.0.0.0",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fd00::1]",
        "[fe80::1]",
    ],
)
def test_a_host_that_isnt_public_is_refused(host: str) -> None:
    assert "isn't public" in refusal(f"http://{host}/a.png?key=secret", PUBLIC)


@pytest.mark.parametrize(
    "host", ["h:99999", "0177.0.0.1", "①②⑦.0.0.1", "[::1", "a%20b", "", "[fe80::1%25lo]"]
)
def test_a_malformed_host_is_refused(host: str) -> None:
    assert "write it as https://host/path" in refusal(f"http://{host}/a.png?key=secret", PUBLIC)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::808:808", False),
        ("::ffff:169.254.169.254", False),
        ("::ffff:0:127.0.0.1", False),
        ("::127.0.0.1", False),
        ("2002:808:808::", False),
        ("2001:0:7f00:1::", False),
        ("2001:db8::1", False),
        ("3fff::1", False),
        ("fec0::1", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
        ("5f00::1", False),
        ("192.0.0.9", False),
        ("192.88.99.1", False),
        ("198.18.0.1", False),
        ("203.0.113.1", False),
        ("240.0.0.1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_name_that_leads_home_is_refused(names: dict[str, list[str]]) -> None:
    names["sign.example"] = ["127.0.0.1"]
    assert "sign.example isn't public" in refusal("http://sign.example/a.png", PUBLIC)


def test_one_private_address_among_public_ones_is_refused(names: dict[str, list[str]]) -> None:
    names["sign.example"] = ["8.8.8.8 127.0.0.1"]
    assert "sign.example isn't public" in refusal("http://sign.example/a.png", PUBLIC)


def test_the_connection_goes_to_the_address_that_was_checked(
    internet: list[str], names: dict[str, list[str]]
) -> None:
    # Rebinding: a second look-up would lead home.
    names["sign.example"] = ["93.184.216.34", "127.0.0.1"]
    assert fetch_image_bytes("http://sign.example/sign.png", limits=PUBLIC) == picture()
    assert internet == ["93.184.216.34"]


def test_a_redirect_is_looked_up_and_checked_again(
    internet: list[str], names: dict[str, list[str]]
) -> None:
    names["sign.example"] = ["93.184.216.34", "127.0.0.1"]
    assert "sign.example isn't public" in refusal("http://sign.example/moved", PUBLIC)
    assert internet == ["93.184.216.34"]


@pytest.mark.parametrize("path", ["/metadata", "/private"])
def test_a_redirect_to_a_private_host_is_refused(
    path: str, internet: list[str], names: dict[str, list[str]]
) -> None:
    names["sign.example"] = ["93.184.216.34"]
    assert "isn't public" in refusal(f"http://sign.example{path}", PUBLIC)
    assert internet == ["93.184.216.34"]


def test_a_trailing_dot_leads_nowhere_else() -> None:
    refusal("http://localhost./a.png?key=secret", PUBLIC)


def test_an_unknown_name_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert "no.example can't be found" in refusal("http://no.example/?key=secret", PUBLIC)


def test_a_name_too_long_to_look_up_says_so() -> None:
    assert "can't be found" in refusal(f"http://{'a' * 70}.example/", PUBLIC)


def test_a_user_name_is_refused() -> None:
    assert "user name or password" in refusal("https://me:secret@example.com/a.png", PUBLIC)


def test_another_scheme_is_refused() -> None:
    assert "ftp addresses aren't fetched" in refusal("ftp://example.com/a.png", PUBLIC)


# Redirects


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/file", "redirects to an address that is refused: file addresses"),
        ("/user", "redirects to an address that is refused: the URL holds a user name"),
        ("/malformed", "redirects to a malformed address"),
        ("/loop", "redirects more than 5 times"),
        ("/private", "can't connect"),
    ],
)
def test_a_bad_redirect_is_refused(base: str, path: str, says: str) -> None:
    assert says in refusal(base + path, LOCAL)


# Bytes, time, answers


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/endless", "over the limit of 10,000 bytes"),
        ("/claims-much", "over the limit of 10,000 bytes"),
        ("/bomb", "over the limit of 10,000 bytes"),
        ("/gzip-nothing", "over the limit of 10,000 bytes"),
        ("/claims-more", "broke off"),
        ("/gzip-cut", "was cut off"),
        ("/gzip-not", "sends damaged data"),
        ("/br", "a compression that wasn't asked for"),
        ("/missing", "answered with status 404"),
    ],
)
def test_a_bad_answer_is_refused(base: str, path: str, says: str) -> None:
    assert says in refusal(f"{base}{path}?key=secret", SMALL)


@pytest.mark.parametrize("path", ["/trickle", "/trickled-header"])
def test_a_trickle_doesnt_outlast_the_deadline(base: str, path: str) -> None:
    limits = ImageLimits(private_addresses=True, seconds=0.3)
    assert "didn't deliver within 0.3 s" in refusal(base + path, limits)


def test_a_slow_name_look_up_doesnt_outlast_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def look_up(*_: Any, **__: Any) -> list[Any]:
        release.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert "didn't deliver within 0.1 s" in refusal("http://a.example/", ImageLimits(seconds=0.1))
    release.set()


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        limits = ImageLimits(private_addresses=True, seconds=0.2)
        assert "didn't deliver within 0.2 s" in refusal(url, limits)


def test_a_closed_port_says_so() -> None:
    assert "can't connect to 127.0.0.1" in refusal("http://127.0.0.1:9/a?key=secret", LOCAL)


def test_a_web_page_isnt_an_image(base: str) -> None:
    with pytest.raises(ImageError, match=r"/page is a web page, not an image"):
        load_image(f"{base}/page?key=secret", limits=LOCAL)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:pw@example.com:8443/a/b.png?key=1#part", "https://example.com:8443/a/b.png"),
        ("https://example.com", "https://example.com"),
        ("http://[::1", "the URL"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url: str, shown: str) -> None:
    assert public_url(url) == shown


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for sign.example, with its key, made for this run."""
    openssl = shutil.which("openssl")
    if openssl is None:
        missing("openssl")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        f"{openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
        f"-subj /CN=sign.example -addext subjectAltName=DNS:sign.example "
        f"-keyout {key} -out {cert}".split(),
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def tls_port(certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with serving(context) as port:
        yield port


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certifi, "where", lambda: str(certificate / "cert.pem"))


@pytest.mark.usefixtures("trusted")
def test_a_pinned_connection_checks_the_certificate_of_the_name(
    tls_port: int, names: dict[str, list[str]]
) -> None:
    names.update({"sign.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
    url = f"https://sign.example:{tls_port}/sign.png"
    assert fetch_image_bytes(url, limits=LOCAL) == picture()
    other = url.replace("sign.example", "other.example")
    assert "other.example has no valid certificate" in refusal(other, LOCAL)


@pytest.mark.usefixtures("trusted")
def test_a_redirect_from_https_to_http_is_refused(
    tls_port: int, names: dict[str, list[str]]
) -> None:
    names["sign.example"] = ["127.0.0.1"]
    url = f"https://sign.example:{tls_port}/private"
    assert "redirects from https to http" in refusal(url, LOCAL)


def test_a_certificate_nobody_vouches_for_is_refused(
    tls_port: int, names: dict[str, list[str]]
) -> None:
    names["sign.example"] = ["127.0.0.1"]
    url = f"https://sign.example:{tls_port}/sign.png"
    assert "sign.example has no valid certificate" in refusal(url, LOCAL)


def test_https_to_a_server_without_tls_says_so(base: str) -> None:
    assert "can't connect" in refusal(base.replace("http:", "https:"), LOCAL)
