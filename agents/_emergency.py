"""Emergencies: what sounds like one, whom to call, and a first line that says so.

The line stands before whatever a model answers. It names no cause and gives no advice but where
to go and whom to call.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage
from pydantic import BaseModel

from deixis.tools.maps import PlaceInfo
from deixis.vision._recalled import question_of
from deixis.vision.embedded import language_of, simplified, traditional

_FILE: Final = Path(__file__).parent / "data" / "emergencies.toml"
_ELSEWHERE: Final = "112"
_ACCENTED: Final = re.compile(r"([a-z])[\u0300-\u036f]+")
_CLAUSE: Final = re.compile(r"[.!?;,。！？；，、]+|\b(?:but|and now|now)\b|但是?|现在")


def emergency_number(country: str | None) -> str:
    """The number to call for an ambulance in a country, by its ISO 3166 code; else 112."""
    return _data().numbers.get((country or "").upper(), _ELSEWHERE)


def urgent_language(text: str) -> str | None:
    """The language in which a text sounds like an emergency; None where it does in none."""
    own = language_of(text)
    said = _folded(text)
    past = _pattern("past")
    for language in _data().lines:
        # Japanese is written with characters of Chinese, which mean other things there.
        if (language == "zh" and own == "ja") or (language == "ja" and own != "ja"):
            continue
        words = simplified(said) if language == "zh" else said
        pattern = _pattern(language)
        if any(pattern.search(part) and not past.search(part) for part in _CLAUSE.split(words)):
            return own if language == "zh" and own.startswith("zh") else language
    return None


class EmergencyLine:
    """The first line of an answer to what sounds like an emergency.

    Args:
        department: Makes the emergency department as it is told in a language; None where the
            map has none.
        number: The local emergency number.
    """

    def __init__(self, department: Callable[[str], PlaceInfo | None], number: str) -> None:
        self._department = department
        self.number = number

    def of(self, question: str) -> str | None:
        """The line for a question; None where it doesn't sound like an emergency."""
        language = urgent_language(question)
        if language is None:
            return None
        said = _data().lines[language.split("-")[0]]
        place = self._department(language)
        if place is None:
            line = said.plain.format(number=self.number)
        else:
            line = said.place.format(where=_where(place, language), number=self.number)
        return traditional(line) if language == "zh-Hant" else line


class EmergencyMiddleware(AgentMiddleware[Any, Any]):
    """Puts the line before the answer, whatever model gives it.

    Args:
        line: Makes the line.
    """

    def __init__(self, line: EmergencyLine) -> None:
        super().__init__()
        self._line = line

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Asks the model, and puts the line before its last word."""
        return self._led(request, handler(request))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """The same, asynchronously."""
        return self._led(request, await handler(request))

    def _led(self, request: ModelRequest[Any], response: ModelResponse[Any]) -> ModelResponse[Any]:
        line = self._line.of(_asked(request.messages))
        if line is not None:
            response.result = [_beginning(message, line) for message in response.result]
        return response


def _beginning(message: BaseMessage, line: str) -> BaseMessage:
    if not isinstance(message, AIMessage) or message.tool_calls or message.invalid_tool_calls:
        return message
    if str(message.text).lstrip().startswith(line):
        return message
    if isinstance(message.content, str):
        return message.model_copy(update={"content": f"{line}\n\n{message.content}"})
    first = {"type": "text", "text": f"{line}\n\n"}
    return message.model_copy(update={"content": [first, *message.content]})


def _asked(messages: Sequence[AnyMessage]) -> str:
    """The user's last words."""
    last = next((m for m in reversed(messages) if isinstance(m, HumanMessage)), None)
    return question_of(last) if last is not None else ""


def _where(place: PlaceInfo, language: str) -> str:
    if language.split("-")[0] in ("zh", "ja"):
        return f"{place.floor}{place.name}"
    written = place.names.get("zh", "")
    name = f"{place.name} ({written})" if written and written != place.name else place.name
    return f"{name}, {place.floor}," if language == "en" else f"{name} ({place.floor})"


class _Line(BaseModel):
    place: str
    plain: str


class _Data(BaseModel):
    """The file: numbers by country, lines and patterns by language."""

    numbers: dict[str, str]
    lines: dict[str, _Line]
    patterns: dict[str, str]


@cache
def _data() -> _Data:
    return _Data.model_validate(tomllib.loads(_FILE.read_text(encoding="utf-8")))


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_data().patterns[name], re.VERBOSE)


def _folded(text: str) -> str:
    """Small letters, one kind of apostrophe, Latin letters without accents."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    apart = unicodedata.normalize("NFD", plain)
    return unicodedata.normalize("NFC", _ACCENTED.sub(r"\1", apart))
