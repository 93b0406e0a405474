"""Who is asking: a random cookie, and a token where the server wants one."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections import deque
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from deixis.agents.web._errors import SIGN_IN, WebError
from deixis.agents.web._history import History
from deixis.agents.web._limits import WebLimits

_COOKIE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_BYTES: Final = 32
_MINUTE: Final = 60.0
_ADDRESSES: Final = 10_000


class Visitors:
    """Tells visitors apart by their cookies.

    Nothing but the hash of a cookie is kept: the history's file lets nobody in.

    Args:
        history: Where visitors are written down.
        token: What a visitor must know; None lets everyone in.
        limits: On attempts.
    """

    def __init__(self, history: History, *, token: str | None, limits: WebLimits) -> None:
        self._history = history
        self._token = token
        self._limits = limits
        self._failures: dict[str, deque[float]] = {}
        self._all: deque[float] = deque()

    @property
    def needs_token(self) -> bool:
        """Whether a visitor must know a token."""
        return self._token is not None

    async def user(self, request: Request) -> str | None:
        """The user that a request's cookie stands for; None where it stands for nobody."""
        cookie = request.cookies.get(_name(request), "")
        if not _COOKIE.fullmatch(cookie):
            return None
        user = _user(cookie)
        entry = self._entry(cookie)
        known = await run_in_threadpool(lambda: self._history.known(user, entry=entry))
        return user if known else None

    async def needed(self, request: Request) -> str:
        """The user that a request's cookie stands for.

        Raises:
            WebError: 401 it stands for nobody.
        """
        user = await self.user(request)
        if user is None:
            raise WebError(401, SIGN_IN)
        return user

    def check(self, token: object, address: str) -> None:
        """Lets a token in.

        Raises:
            WebError: 401 it is wrong, or 429 there were too many wrong ones.
        """
        if self._token is None:
            return
        now = time.monotonic()
        failures = self._failures.setdefault(address, deque())
        for kept in (failures, self._all):
            while kept and now - kept[0] > _MINUTE:
                kept.popleft()
        tries = self._limits.attempts
        if len(failures) >= tries or len(self._all) >= 10 * tries:
            raise WebError(429, "Too many wrong tokens: wait a minute.", retry=int(_MINUTE))
        given = token if isinstance(token, str) else ""
        # Hashes are compared, so that not even the length of the token shows in the time.
        if not hmac.compare_digest(_digest(given), _digest(self._token)):
            failures.append(now)
            self._all.append(now)
            self._tidy(now)
            raise WebError(401, "That is not the token.")
        self._failures.pop(address, None)

    async def welcome(self, request: Request, response: Response) -> None:
        """Gives a new visitor their cookie."""
        cookie = secrets.token_urlsafe(_BYTES)
        user, entry = _user(cookie), self._entry(cookie)
        await run_in_threadpool(lambda: self._history.welcome(user, entry=entry))
        self._give(cookie, request, response)

    def stay(self, request: Request, response: Response) -> None:
        """Gives a known visitor their cookie again, which lasts the longer for it."""
        self._give(request.cookies[_name(request)], request, response)

    def _give(self, cookie: str, request: Request, response: Response) -> None:
        response.set_cookie(
            _name(request),
            cookie,
            max_age=self._limits.visit_days * 86_400,
            path="/",
            secure=_secure(request),
            httponly=True,
            samesite="strict",
        )

    async def leave(self, request: Request, response: Response) -> None:
        """Takes a visitor's cookie from them; it opens nothing any more."""
        user = await self.user(request)
        if user is not None:
            await run_in_threadpool(self._history.leave, user)
        response.delete_cookie(
            _name(request), path="/", secure=_secure(request), httponly=True, samesite="strict"
        )

    def _entry(self, cookie: str) -> str:
        """What let a cookie in: another token, or none, and it must sign in again."""
        key = hashlib.sha256((self._token or "").encode("utf-8", "surrogatepass")).digest()
        return hmac.new(key, cookie.encode(), "sha256").hexdigest()

    def _tidy(self, now: float) -> None:
        if len(self._failures) > _ADDRESSES:
            old = [a for a, tries in self._failures.items() if now - tries[-1] > _MINUTE]
            for address in old:
                del self._failures[address]


def _user(cookie: str) -> str:
    return f"web-{hashlib.sha256(cookie.encode()).hexdigest()[:40]}"


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _name(request: Request) -> str:
    """The cookie's name. Cookies know no ports: two servers on one machine would share one."""
    port = request.url.port
    name = f"deixis-{port}" if port else "deixis"
    # A browser takes this prefix only from the very host, over https.
    return f"__Host-{name}" if _secure(request) else name
