"""What must not get into a trace: pictures' bytes and keys, taken out of whatever is written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, cast

from pydantic import BaseModel, SecretStr

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

HIDDEN: Final = "[hidden]"
_BYTES: Final = "[bytes left out]"
_SHORTEST: Final = 6  # a value of the environment that is shorter is no key
_DEEPEST: Final = 12
_MOST: Final = 200  # values in one list or dictionary
_KEPT: Final = 512  # texts whose cleaned form is kept
_SHORT: Final = 4_000  # characters up to which it is
_ROOM: Final = 8  # how much more is looked through than is kept

_SECRET_NAME: Final = re.compile(
    r"(?i)(?:^|[^a-z])(?:api|access|private|auth|signing|session)[ _.-]?(?:key|id)s?(?:$|[^a-z])"
    r"|api_?key|apikey|token(?!s|iz|_?count)|secret|passw(?:or)?d|passphrase|credential|authorization"
    r"|cookie|signature|(?:^|[_.-])(?:key|sig|auth|pwd|bearer)$"
)
_DATA_URI: Final = re.compile(r"(?i)data:[\w.+/-]{0,80}(?:;[\w.=+-]{1,80})*,[^\s\"'<>)\]}]*")
_URL: Final = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{1,20}://)([^\s\"'<>\\]+)")
_PEM: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]{1,60}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,60}-----|\Z)"
)
_HEADER: Final = re.compile(
    r"(?i)\b((?:proxy-)?authorization|x-[\w-]{0,40}?(?:key|token|auth|secret)[\w-]{0,40}|api-key"
    r"|(?:set-)?cookie(?=\s*:[^\r\n=]*=))(\\?[\"']?\s*[:=]\s*)([^\r\n]*)"
)
_SCHEME: Final = re.compile(r"(?i)\b(bearer|basic|digest)\s+[\w.~+/=:-]{6,}")
_NAMED: Final = re.compile(
    r"(?i)((?:api[_-]?key|apikey|secret|token|password|passwd|passphrase|credentials?|signature"
    r"|access[_-]?key|private[_-]?key|\bsig|\bpwd)[\w-]{0,40}\\?[\"']?\s*[=:]\s*\\?[\"']?)"
    r"([^\s\"',;&}\\]{4,})"
)
_KEY: Final = re.compile(
    r"\b(?:sk|pk|rk|hf|ghp|gho|ghs|ghu|github_pat|glpat|xox[a-z]|lsv2|AKIA|ASIA|LTAI|AIza|ya29)"
    r"[-_.A-Za-z0-9]{12,}"
    r"|\beyJ[\w-]{8,}(?:\.[\w-]+){1,2}"
)
_RUN: Final = re.compile(
    r"[A-Za-z0-9+/=_-]{64,}(?:(?:\r?\n|\\r\\n|\\n)[A-Za-z0-9+/=_-]+(?![^\s\\]))*"
)
_MIXED: Final = re.compile(r"(?<![\w/.-])[A-Za-z0-9_-]{32,}(?![\w/.-])")


class Redactor:
    """Takes bytes and keys out of words that go into a trace, and cuts them.

    What looks like a key by its form or its name goes, and so does every value of the
    environment whose name says that it is one. Rather too much goes than too little.

    Args:
        longest: Characters of one text that are kept.
        secrets: Values to take out, beside those of the environment.
    """

    def __init__(self, *, longest: int, secrets: Iterable[str] = ()) -> None:
        self._longest = longest
        known = {*secrets, *_of_environment(os.environ)}
        found = sorted((one for one in known if len(one) >= _SHORTEST), key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, found))) if found else None
        # A conversation's messages come again with every step.
        self._again = lru_cache(maxsize=_KEPT)(self._text)

    def text(self, text: str, *, longest: int | None = None) -> str:
        """A text without bytes and keys, cut to what is kept."""
        most = self._longest if longest is None else longest
        return (self._again if len(text) <= _SHORT else self._text)(text, most)

    def _text(self, text: str, most: int) -> str:
        room = most * _ROOM
        looked = text if len(text) <= room else _whole_words(text, room)
        told = _clean(looked, self._secrets)
        left = len(text) - most
        if len(told) > most:
            return f"{told[:most]}… ({left} more characters)"
        return told if looked is text else f"{told}… ({len(text) - len(looked)} more characters)"

    def value(self, value: object) -> Json:
        """Any value as JSON, its texts cleaned, what is named like a key hidden."""
        return self._value(value, 0)

    def _value(self, value: object, depth: int) -> Json:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return _BYTES
        if isinstance(value, SecretStr):
            return HIDDEN
        if depth >= _DEEPEST:
            return "…"
        if isinstance(value, BaseModel):
            value = value.model_dump(mode="json")
        if isinstance(value, Mapping):
            return self._object(cast("Mapping[Any, Any]", value), depth)
        if isinstance(value, list | tuple | set | frozenset):
            many = list(cast("Iterable[Any]", value))
            told = [self._value(one, depth + 1) for one in many[:_MOST]]
            return [*told, f"… ({len(many) - _MOST} more)"] if len(many) > _MOST else told
        return self.text(str(value))

    def _object(self, value: Mapping[Any, Any], depth: int) -> Json:
        told: dict[str, Json] = {}
        for key, one in list(value.items())[:_MOST]:
            name = self.text(str(key), longest=200)
            # A number under such a name counts something.
            plain = one is None or isinstance(one, bool | int | float | dict)
            hide = _SECRET_NAME.search(name) is not None and not plain
            told[name] = HIDDEN if hide else self._value(cast("object", one), depth + 1)
        return told


def secrets_of(model: object) -> list[str]:
    """The keys that a model holds as `SecretStr`, and those of the models that it asks."""
    found: list[str] = []
    waiting, seen = [model], set[int]()
    while waiting:
        one = waiting.pop()
        if isinstance(one, SecretStr):
            found.append(one.get_secret_value())
        elif isinstance(one, list | tuple):
            waiting += cast("Sequence[object]", one)
        elif isinstance(one, BaseModel) and id(one) not in seen:
            seen.add(id(one))
            waiting += [*vars(one).values(), *(one.__pydantic_private__ or {}).values()]
    return [one for one in found if one]


def _clean(text: str, secrets: re.Pattern[str] | None) -> str:
    if secrets is not None:
        text = secrets.sub(HIDDEN, text)
    text = _PEM.sub(HIDDEN, text)
    text = _DATA_URI.sub(_BYTES, text)
    text = _RUN.sub(_run, text)
    text = _HEADER.sub(_header, text)
    text = _SCHEME.sub(rf"\1 {HIDDEN}", text)
    text = _URL.sub(_url, text)
    text = _NAMED.sub(rf"\g<1>{HIDDEN}", text)
    text = _KEY.sub(HIDDEN, text)
    return _MIXED.sub(_mixed, text)


def _header(found: re.Match[str]) -> str:
    """A header's value goes up to the quote that closes it, or to the end of the line."""
    value = found[3]
    quote = next((mark for mark in ('\\"', '"', "'") if value.startswith(mark)), "")
    end = value.find(quote, len(quote)) if quote else -1
    rest = value[end + len(quote) :] if end > 0 else ""
    return f"{found[1]}{found[2]}{HIDDEN}{rest}"


def _url(found: re.Match[str]) -> str:
    """An address without who opens it and what it is opened with."""
    rest = found[2]
    place, mark, _ = rest.partition("?")
    place, hash_, fragment = place.partition("#")
    host, slash, path = place.partition("/")
    if "@" in host:
        host = f"{HIDDEN}@{host.rpartition('@')[2]}"
    kept = f"{found[1]}{host}{slash}{path}"
    if hash_ and "=" not in fragment:
        kept += f"#{fragment}"
    return kept + (f"?{HIDDEN}" if mark or (hash_ and "=" in fragment) else "")


def _run(found: re.Match[str]) -> str:
    """A long run without a space is bytes in base64 or hex; a line of dashes is none."""
    return _BYTES if any(c.isalnum() for c in found[0]) else found[0]


def _mixed(found: re.Match[str]) -> str:
    """Capitals, small letters and digits without an order are a key."""
    word = found[0]
    kinds = (any(map(str.islower, word)), any(map(str.isupper, word)), any(map(str.isdigit, word)))
    return HIDDEN if all(kinds) else word


def _whole_words(text: str, room: int) -> str:
    """The beginning of a text, without a last word that is cut: it may be half a key."""
    cut = text[:room]
    for end in range(len(cut) - 1, -1, -1):
        if cut[end].isspace() or not cut[end].isascii():
            return cut[: end + 1]
    return ""


def _of_environment(environment: Mapping[str, str]) -> list[str]:
    return [value.strip() for name, value in environment.items() if _named_secret(name, value)]


def _named_secret(name: str, value: str) -> bool:
    words: Sequence[str] = re.split(r"[^A-Z0-9]+", name.upper())
    kinds = {"KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "CREDENTIALS", "APIKEY"}
    told = bool(kinds & set(words))
    return told and not value.startswith("/") and not value.isdigit() and value not in _ORDINARY


_ORDINARY: Final = frozenset({"enabled", "disabled"})
