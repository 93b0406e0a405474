"""What is sent with a question: bounded, checked, and told in a line what is wrong with it."""

from __future__ import annotations

import socket
import time
from io import BytesIO

import httpx
import pytest
from PIL import Image

from deixis.agents.web import WebLimits
from deixis.testing import Say
from tests.agents.web.serving import Visitor, page, png, scripted

SMALL = WebLimits(upload_mb=0.2, images=2, text=50)


def refused(response: httpx.Response) -> tuple[int, str]:
    told = response.json()
    assert list(told) in (["error"], ["error", "code", "about"])
    assert "\n" not in told["error"]
    return response.status_code, told["error"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "There is no question: write one."),
        (" \n ", "There is no question: write one."),
        ("\0\0", "There is no question: write one."),
        ("x" * 51, "The question is over 50 characters: make it shorter."),
        ("x" * 500_000, "The question is over 50 characters: make it shorter."),
    ],
)
def test_a_question_has_words_and_an_end(text: str, error: str) -> None:
    limits = WebLimits(text=50)
    with page(scripted(), limits=limits) as address, Visitor(address) as visitor:
        assert refused(visitor.post(text, png())) == (400, error)


def test_what_is_no_picture_is_told_by_its_name() -> None:
    with page(scripted(), limits=SMALL) as address, Visitor(address) as visitor:
        status, error = refused(visitor.post("What is it?", ("notes.txt", b"hello there")))
        assert status == 400
        assert error.startswith("notes.txt")
        status, error = refused(visitor.post("What is it?", ("half.png", png()[:60])))
        assert (status, error[:8]) == (400, "half.png")
        assert visitor.threads() == []


def test_an_empty_file_is_told_by_its_name() -> None:
    with page(scripted(), limits=SMALL) as address, Visitor(address) as visitor:
        told = visitor.post("What is it?", ("zero.jpg", b"")).json()
        assert told == {
            "error": "zero.jpg is empty: choose it again.",
            "code": "empty",
            "about": "zero.jpg",
        }
        assert visitor.threads() == []


def test_a_visitor_is_not_told_how_a_program_would_do_it() -> None:
    limits = WebLimits(pixels=1_000)
    with page(scripted(), limits=limits) as address, Visitor(address) as visitor:
        told = visitor.post("What is it?", ("large.png", png())).json()
        assert (told["code"], told["about"]) == ("picture", "large.png")
        assert told["error"].startswith("large.png is 64 × 48 pixels, over the limit of 1,000")
        assert "ImageLimits" not in told["error"]


def test_too_many_pictures_are_refused() -> None:
    with page(scripted(), limits=SMALL) as address, Visitor(address) as visitor:
        status, error = refused(visitor.post("What?", *(png(shade) for shade in range(3))))
        assert (status, error) == (400, "That is over 2 pictures: send fewer with one question.")


def test_each_page_of_a_document_is_a_picture() -> None:
    sheets = [Image.new("RGB", (60, 80), (shade, 0, 0)) for shade in (10, 20, 30)]
    two, three = BytesIO(), BytesIO()
    sheets[0].save(two, "PDF", save_all=True, append_images=sheets[1:2])
    sheets[0].save(three, "PDF", save_all=True, append_images=sheets[1:])
    limits = WebLimits(images=2)
    with page(scripted(Say("Here.")), limits=limits) as address, Visitor(address) as visitor:
        status, error = refused(visitor.post("What?", ("guide.pdf", three.getvalue())))
        assert (status, error.split()[0]) == (400, "guide.pdf")
        _, turn = visitor.answered("What?", ("guide.pdf", two.getvalue()))
        assert [one["alt"] for one in turn["images"]] == ["guide.pdf page 1", "guide.pdf page 2"]


def test_a_picture_of_too_many_pixels_is_refused_by_its_header() -> None:
    bomb = png(0, (3000, 3000))
    assert len(bomb) < 100_000
    limits = WebLimits(pixels=1_000_000)
    with page(scripted(), limits=limits) as address, Visitor(address) as visitor:
        status, error = refused(visitor.post("What?", ("bomb.png", bomb)))
        assert (status, error.split()[0]) == (400, "bomb.png")


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    with page(scripted(), limits=SMALL) as address, Visitor(address) as visitor:
        answer = raw(
            address,
            visitor,
            b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 900000000\r\n",
        )
        assert b"413" in answer.splitlines()[0]
        assert b"The pictures are over 0.2 MB: send fewer or smaller ones." in answer


def test_what_doesn_t_say_its_length_is_stopped_when_it_is_too_large() -> None:
    with page(scripted(), limits=SMALL) as address, Visitor(address) as visitor:
        body = b'--x\r\nContent-Disposition: form-data; name="images"; filename="a"\r\n\r\n'
        chunks = b"".join(
            b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body, *([b"a" * 30_000] * 12))
        )
        answer = raw(
            address,
            visitor,
            b"Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n",
            chunks,
        )
        assert b"413" in answer.splitlines()[0]


def test_who_sends_nothing_is_let_go() -> None:
    limits = WebLimits(stall_seconds=0.3)
    with page(scripted(), limits=limits) as address, Visitor(address) as visitor:
        begun = time.monotonic()
        answer = raw(
            address,
            visitor,
            b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000\r\n",
            b"--x\r\n",
        )
        assert b"408" in answer.splitlines()[0]
        assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"text": "Where?"}'),
        ("application/x-www-form-urlencoded", b"text=Where"),
        ("multipart/form-data", b"text"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na"),
        ("multipart/form-data; boundary=x; charset=nothing", b"--x--"),
        ("multipart/form-data; boundary=\xff", b"\x00\xff"),
    ],
)
def test_what_is_no_form_is_told_so(kind: str, body: bytes) -> None:
    with page(scripted()) as address, Visitor(address) as visitor:
        headers = {b"Content-Type": kind.encode("latin-1")}
        response = visitor.http.post("/api/ask", content=body, headers=headers)
        assert refused(response)[0] == 400


def test_a_name_is_the_last_part_of_a_path_on_one_line() -> None:
    with page(scripted(Say("1"))) as address, Visitor(address) as visitor:
        _, turn = visitor.answered(
            "What?",
            ("C:\\photos\\../sign\u202e.png", png(1)),
            ("<img src=x onerror=alert(1)>" + "x" * 200, png(2)),
        )
        first, second = (one["alt"] for one in turn["images"])
        assert first == "sign .png"
        assert second == ("<img src=x onerror=alert(1)>" + "x" * 200)[:80]


def test_a_picture_comes_back_upright_and_without_what_the_camera_wrote() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its side
    exif[0x010F] = "Secret Camera"
    out = BytesIO()
    Image.new("RGB", (80, 40), (200, 30, 30)).save(out, "JPEG", exif=exif)
    with page(scripted(Say("Here."))) as address, Visitor(address) as visitor:
        thread, turn = visitor.answered("What?", ("photo.jpg", out.getvalue()))
        response = visitor.http.get(f"/api/threads/{thread}/images/img_1")
    assert (turn["images"][0]["width"], turn["images"][0]["height"]) == (40, 80)
    assert response.headers["content-type"] == "image/jpeg"
    assert response.headers["cache-control"].startswith("private, max-age=")
    assert b"Secret Camera" not in response.content
    with Image.open(BytesIO(response.content)) as shown:
        assert shown.size == (40, 80)


def test_a_picture_that_is_known_isn_t_sent_again() -> None:
    with page(scripted(Say("Here."))) as address, Visitor(address) as visitor:
        thread, _ = visitor.answered("What?", png())
        path = f"/api/threads/{thread}/images/img_1"
        tag = visitor.http.get(path).headers["etag"]
        assert visitor.http.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_the_same_picture_twice_is_one() -> None:
    with page(scripted(Say("Here."), Say("There."))) as address, Visitor(address) as visitor:
        thread, turn = visitor.answered("What?", png(), png())
        assert [one["handle"] for one in turn["images"]] == ["img_1"]
        _, turn = visitor.answered("And again?", png(), thread=thread)
        assert [one["handle"] for one in turn["images"]] == ["img_1"]


def test_no_picture_is_no_file() -> None:
    with page(scripted(Say("Here."))) as address, Visitor(address) as visitor:
        _, turn = visitor.answered("What?", ("", b""))
        assert turn["images"] == []


def raw(address: str, visitor: Visitor, headers: bytes, body: bytes = b"") -> bytes:
    """What the server answers to a request that no well-behaved client sends."""
    url = httpx.URL(address)
    ((name, value),) = visitor.http.cookies.items()
    with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
        connection.sendall(
            b"POST /api/ask HTTP/1.1\r\n"
            + f"Host: {url.host}:{url.port}\r\nCookie: {name}={value}\r\n".encode()
            + headers
            + b"\r\n"
        )
        connection.sendall(body)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
            if b"}" in piece:
                break
        return answer
