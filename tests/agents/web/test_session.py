"""Who is let in, and what the server tells browsers to keep away from."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from deixis.agents.web import WebLimits, create_app
from deixis.testing import Say
from deixis.vision import DeixisError
from tests.agents.web.serving import Visitor, kept, page, scripted, served


def test_without_a_token_everyone_is_a_visitor_of_their_own() -> None:
    with page(scripted()) as address, Visitor(address) as one, Visitor(address) as other:
        assert one.session["signed_in"] is True
        assert one.session["needs_token"] is False
        assert one.http.cookies != other.http.cookies


def test_the_session_says_what_the_server_is() -> None:
    limits = WebLimits(upload_mb=3, images=2)
    agent = scripted()
    with (
        page(
            agent,
            title="Guide",
            map_names={"en": "Example Hospital", "zh": "示例医院"},
            limits=limits,
        ) as address,
        Visitor(address) as visitor,
    ):
        assert visitor.session == {
            "signed_in": True,
            "needs_token": False,
            "model": agent.model_name,
            "title": "Guide",
            "map": {"en": "Example Hospital", "zh": "示例医院"},
            "limits": {"upload_mb": 3, "images": 2, "pixels": 50_000_000},
        }


def test_the_cookie_is_no_script_s_and_no_other_site_s() -> None:
    with page(scripted()) as address:
        cookie = httpx.get(f"{address}/api/session").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_goes_back_over_https_only() -> None:
    with page(scripted()) as address:
        # As a proxy on this machine tells it.
        forwarded = {"X-Forwarded-Proto": "https"}
        cookie = httpx.get(f"{address}/api/session", headers=forwarded).headers["set-cookie"]
    assert cookie.startswith("__Host-deixis")
    assert "Secure" in cookie


def test_the_history_s_file_holds_no_cookie(tmp_path: Path) -> None:
    with page(scripted(), folder=tmp_path) as address, Visitor(address) as visitor:
        (cookie,) = visitor.http.cookies.values()
        assert len(cookie) == 43
        assert cookie.encode() not in kept(tmp_path)


def test_with_a_token_nothing_is_told_before_it() -> None:
    with page(scripted(), token="sesame") as address, Visitor(address) as visitor:
        assert visitor.session["signed_in"] is False
        assert visitor.session["needs_token"] is True
        assert visitor.http.get("/api/threads").status_code == 401
        assert visitor.post("Where is ENT?").status_code == 401


def test_the_token_lets_in_and_a_wrong_one_doesn_t() -> None:
    with page(scripted(), token="sesame") as address, Visitor(address) as visitor:
        for wrong in ("", "Sesame", "sesame ", None, 7, ["sesame"]):
            response = visitor.http.post("/api/session", json={"token": wrong})
            assert (response.status_code, response.json()) == (
                401,
                {"error": "That is not the token."},
            )
        assert visitor.http.post("/api/session", json={"token": "sesame"}).status_code == 204
        assert visitor.threads() == []


def test_tokens_can_t_be_tried_for_long() -> None:
    with (
        page(scripted(), token="sesame", limits=WebLimits(attempts=3)) as address,
        Visitor(address) as visitor,
    ):
        tried = [
            visitor.http.post("/api/session", json={"token": str(n)}).status_code for n in range(4)
        ]
        assert tried == [401, 401, 401, 429]
        last = visitor.http.post("/api/session", json={"token": "sesame"})
        assert last.status_code == 429
        assert last.headers["retry-after"] == "60"


def test_another_token_shuts_out_who_came_in_by_the_old_one(tmp_path: Path) -> None:
    with page(scripted(), token="old", folder=tmp_path) as address, Visitor(address, "old") as who:
        cookies = dict(who.http.cookies)
    with page(scripted(), token="new", folder=tmp_path) as address:
        name = f"deixis-{httpx.URL(address).port}"
        response = httpx.get(f"{address}/api/threads", cookies={name: cookies.popitem()[1]})
        assert response.status_code == 401


def test_who_signs_out_is_a_new_visitor_and_the_old_cookie_opens_nothing() -> None:
    with page(scripted(Say("Here."))) as address, Visitor(address) as visitor:
        visitor.answered("Where?")
        old = dict(visitor.http.cookies)
        assert visitor.http.delete("/api/session").status_code == 204
        assert httpx.get(f"{address}/api/threads", cookies=old).status_code == 401
        visitor.http.get("/api/session")
        assert visitor.threads() == []


def test_a_cookie_that_the_server_didn_t_give_is_nobody() -> None:
    with page(scripted()) as address:
        for value in ("", "a" * 43, "../../etc", "a" * 5000):
            name = f"deixis-{httpx.URL(address).port}"
            response = httpx.get(f"{address}/api/threads", cookies={name: value})
            assert response.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_another_site_changes_nothing(headers: dict[str, str]) -> None:
    with page(scripted()) as address, Visitor(address) as visitor:
        visitor.http.headers.update(headers)
        assert visitor.post("Where is ENT?").status_code == 403
        assert visitor.http.delete("/api/me").status_code == 403


def test_our_own_page_does() -> None:
    with page(scripted(Say("Here."))) as address, Visitor(address) as visitor:
        visitor.http.headers.update({"Origin": address, "Sec-Fetch-Site": "same-origin"})
        assert visitor.post("Where?").status_code == 202


def test_under_another_name_the_loopback_answers_nobody() -> None:
    with page(scripted(), hosts=["127.0.0.1", "localhost", "::1"]) as address:
        for name in (
            "evil.example",
            "evil.example:80",
            "",
            "127.0.0.1.evil.example",
            "[::2]",
            "127.0.0.1:80.evil.example",
        ):
            response = httpx.get(f"{address}/api/session", headers={"Host": name})
            assert response.status_code == 421
        for name in ("localhost:8000", "127.0.0.1", "[::1]:8000"):
            assert httpx.get(f"{address}/api/session", headers={"Host": name}).is_success


@pytest.mark.parametrize("path", ["/", "/api/session", "/api/nothing", "/static/nothing.js"])
def test_every_response_says_how_little_a_browser_may_do(path: str) -> None:
    with page(scripted()) as address:
        headers = httpx.get(address + path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; img-src 'self' blob:;")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "cache-control" in headers
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


def test_an_empty_token_is_told_before_anyone_comes() -> None:
    with pytest.raises(DeixisError, match="the token is empty"):
        create_app(scripted(), token=" ")


def test_a_folder_serves_one_server(tmp_path: Path) -> None:
    app = create_app(scripted(), folder=tmp_path)
    with pytest.raises(DeixisError, match="is used by the server of process"):
        create_app(scripted(), folder=tmp_path)
    with served(app):
        pass
    with served(create_app(scripted(), folder=tmp_path)):
        pass


def test_what_is_no_json_is_told_so() -> None:
    with page(scripted(), token="sesame") as address:
        for body in (b"", b"[1]", b"{", b"[" * 60_000, b'"sesame"', b"\xff"):
            response = httpx.post(
                f"{address}/api/session",
                content=body,
                headers={"Content-Type": "application/json"},
            )
            assert (response.status_code, response.json()) == (
                400,
                {"error": "That is no JSON object."},
            )
        large = httpx.post(
            f"{address}/api/session",
            content=b" " * 100_000,
            headers={"Content-Type": "application/json"},
        )
        assert large.status_code == 413


@pytest.mark.parametrize("turn", ["9" * 5000, "9" * 23, "-1", "1.0", "one", "²"])
def test_a_turn_that_cannot_be_is_not_there(turn: str) -> None:
    with page(scripted()) as address, Visitor(address) as visitor:
        assert visitor.http.get(f"/api/threads/x/turns/{turn}/events").status_code == 404
        assert visitor.http.post(f"/api/threads/x/turns/{turn}/stop").status_code == 404
