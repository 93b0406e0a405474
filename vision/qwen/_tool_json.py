"""Calls written as JSON, read with the few repairs that leave a single meaning."""

from __future__ import annotations

import json
import math
import re
from typing import cast

from deixis.vision._dialect import JsonObject

# A string, also one that never ends, or a comma that closes a list or an object. Possessive, so
# that a hostile text is looked at once.
_COMMAS = re.compile(r'("[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z))|,(?=\s*+[}\]])', re.DOTALL)
_FENCE = re.compile(r"```[ \t]*\w{0,12}\s*+(.*?)\s*+(?:```\s*+)?\Z", re.DOTALL)
_DOUBLED = re.compile(r"\{\s*+\{")


class UnreadableError(ValueError):
    """A call can't be read. The message tells the model how to mend it."""


def read_object(text: str, *, closed: bool) -> JsonObject:
    """A JSON object as a model writes it.

    Repaired are: a code fence around it, commas before a closing bracket, one brace too many
    at either end or a doubled pair, one closing brace too few, line breaks inside strings.

    Args:
        text: What the model wrote.
        closed: Whether the model itself marked the end; nothing is added to a text that may
            have been cut off.

    Raises:
        UnreadableError: It has no meaning, or more than one.
    """
    text = text.strip()
    fenced = _FENCE.fullmatch(text) if text.startswith("```") else None
    text = fenced[1] if fenced else text
    if not text.startswith("{"):
        raise UnreadableError("Write the call as one JSON object.")
    first = _first_error(text)
    if not isinstance(first, UnreadableError):
        return first
    cleaned = _COMMAS.sub(lambda found: found[1] or "", text)
    attempts = [cleaned]
    if _DOUBLED.match(cleaned):
        attempts += [cleaned[1:], cleaned[1:].rstrip().removesuffix("}")]
    if cleaned.endswith("}"):
        attempts.append(cleaned[:-1])
    if closed:
        attempts.append(cleaned + "}")
    for attempt in attempts:
        value = _first_error(attempt)
        if not isinstance(value, UnreadableError):
            return value
    raise first


def _first_error(text: str) -> JsonObject | UnreadableError:
    try:
        return strict_object(text)
    except UnreadableError as error:
        return error


def strict_object(text: str) -> JsonObject:
    """A JSON object without repairs, but for raw line breaks in strings.

    Raises:
        UnreadableError: It isn't one, has a key twice with different values, a number that
            isn't finite, or half a character.
    """
    value = read_json(text)
    if not isinstance(value, dict):
        raise UnreadableError("Write the call as one JSON object.")
    return cast("JsonObject", value)


def read_json(text: str) -> object:
    """A JSON value under the rules of `strict_object`.

    Raises:
        UnreadableError: It isn't JSON.
    """
    try:
        value: object = json.loads(
            text,
            strict=False,
            object_pairs_hook=_object,
            parse_float=_finite,
            parse_constant=_constant,
        )
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except UnreadableError:
        raise
    except RecursionError:
        raise UnreadableError("Nest the JSON less deeply.") from None
    except UnicodeEncodeError:
        raise UnreadableError("Write characters as they are, not half of an escape.") from None
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"Write valid JSON: {error.msg} at character {error.pos} of the call."
        ) from None
    except ValueError:
        raise UnreadableError("Write a shorter number.") from None
    return value


def _object(pairs: list[tuple[str, object]]) -> JsonObject:
    read: JsonObject = {}
    for key, value in pairs:
        if key in read and read[key] != value:
            raise UnreadableError(f"Give {key[:80]!r} once; it stands there with two values.")
        read[key] = value
    return read


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise UnreadableError("Write a finite number.")
    return number


def _constant(name: str) -> object:
    raise UnreadableError(f"Write a number that JSON has; {name} is none.")


def read_call(text: str, *, closed: bool) -> tuple[str, JsonObject]:
    """Name and arguments of a call `{"name": …, "arguments": {…}}`.

    `parameters` for `arguments`, arguments as a JSON string, and the call inside a `function`
    key are read too.

    Raises:
        UnreadableError: It can't be read.
    """
    call = read_object(text, closed=closed)
    inner = call.get("function")
    if "name" not in call and isinstance(inner, dict):
        call = cast("JsonObject", inner)
    name = call.get("name")
    if not isinstance(name, str) or not name.strip():
        raise UnreadableError('Give the name of the tool: {"name": …, "arguments": {…}}.')
    return name.strip(), _arguments(call)


def _arguments(call: JsonObject) -> JsonObject:
    given = [call[key] for key in ("arguments", "parameters") if key in call]
    if len(given) == 2 and given[0] != given[1]:
        raise UnreadableError('Give "arguments" once, without "parameters".')
    if not given and len(call) > 1 and not set(call) <= {"name", "id", "type"}:
        raise UnreadableError('Put what the tool is given under "arguments".')
    value = given[0] if given else None
    if isinstance(value, str):
        value = read_object(value, closed=False) if value.strip() else None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableError('Write "arguments" as a JSON object.')
    return cast("JsonObject", value)
