"""A question as it arrives: read in pieces, with a hard stop."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, Final

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from deixis.agents.web._errors import WebError
from deixis.agents.web._limits import WebLimits
from deixis.vision import ImageError, ImageLimits, VisionImage, load_images

_SMALL: Final = 65_536
_LONGEST_NAME: Final = 80
_FIELDS: Final = 8
_FOR_PROGRAMS: Final = re.compile(r",? or (?:raise|allow) ImageLimits\.\w+")
_GIVEN: Final = "the image given as bytes"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked.

    Attributes:
        text: The question.
        thread: The conversation; None begins one.
        again: The number of a turn that is asked again with its pictures.
        files: What came with it, by name.
    """

    text: str
    thread: str | None
    again: int | None
    files: tuple[tuple[str, bytes], ...]


async def read_question(request: Request, limits: WebLimits) -> Asked:
    """Reads a question and its files.

    Raises:
        WebError: It is too large, too slow, no form, or lacks its text.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise WebError(400, "Send the question as multipart/form-data.")
    # The forms' own words, such as the boundaries, take a little beside what is sent.
    most = limits.upload_bytes + _SMALL
    over = f"The pictures are over {limits.upload_mb:g} MB: send fewer or smaller ones."
    parser = MultiPartParser(
        request.headers,
        _bounded(request, most, limits, over),
        max_files=max(limits.images, 1),
        max_fields=_FIELDS,
        max_part_size=4 * limits.text + _SMALL,
    )
    try:
        async with asyncio.timeout(limits.upload_seconds):
            form = await parser.parse()
    except MultiPartException as error:
        raise _told(error.message, limits) from None
    except TimeoutError:
        raise WebError(
            408, "The upload took too long: try smaller pictures.", code="slow"
        ) from None
    try:
        return await _of_form(form, limits)
    finally:
        await form.close()


async def read_json(request: Request, limits: WebLimits) -> dict[str, Any]:
    """Reads a small JSON object.

    Raises:
        WebError: It is none, or too large or too slow.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise WebError(400, "Send it as application/json.")
    pieces: list[bytes] = []
    try:
        async with asyncio.timeout(limits.stall_seconds):
            async for piece in _bounded(request, _SMALL, limits, "That is too large."):
                pieces.append(piece)
        read: object = json.loads(b"".join(pieces))
    except TimeoutError:
        raise WebError(408, "That took too long to arrive.") from None
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise WebError(400, "That is no JSON object.")
    return {str(name): value for name, value in read.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def taker(files: Sequence[tuple[str, bytes]], limits: WebLimits) -> Callable[[], list[VisionImage]]:
    """What takes pictures in, in a thread: decoding is slow.

    Args:
        files: Bytes by name.
        limits: On pictures.
    """
    bounds = ImageLimits(bytes=limits.upload_bytes, pixels=limits.pixels, pages=limits.images)

    def take() -> list[VisionImage]:
        taken = [image for name, data in files for image in _taken(name, data, bounds)]
        if len(taken) > limits.images:
            raise WebError(400, _too_many(limits), code="pictures")
        return taken

    return take


def _taken(name: str, data: bytes, bounds: ImageLimits) -> list[VisionImage]:
    try:
        images = load_images(data, limits=bounds)
    except ImageError as error:
        # How a program would raise the limits is of no use to a visitor.
        told = _FOR_PROGRAMS.sub("", str(error).replace(_GIVEN, name))
        raise WebError(400, told, code="picture", about=name) from None
    # Copies without the decoded pixels, which would be kept as long as the question waits.
    return [
        replace(image, source=name if image.page is None else f"{name} page {image.page}")
        for image in images
    ]


async def _bounded(
    request: Request, most: int, limits: WebLimits, over: str
) -> AsyncGenerator[bytes, None]:
    """The body in pieces; no more than may come, and none that lets us wait."""
    told = request.headers.get("content-length", "0")
    if told.isdigit() and int(told) > most:
        raise WebError(413, over, code="large")
    count = 0
    pieces = request.stream()
    try:
        while True:
            async with asyncio.timeout(limits.stall_seconds):
                piece = await anext(pieces, None)
            if piece is None:
                return
            count += len(piece)
            if count > most:
                raise WebError(413, over, code="large")
            yield piece
    except ClientDisconnect:
        raise WebError(400, "The upload broke off: try again.") from None


async def _of_form(form: FormData, limits: WebLimits) -> Asked:
    text = _field(form, "text").strip()
    if not any(char.isprintable() and not char.isspace() for char in text):
        raise WebError(400, "There is no question: write one.", code="question")
    if len(text) > limits.text:
        raise _too_long(limits)
    again = _field(form, "again")
    if again and not (again.isascii() and again.isdigit() and len(again) < 10):
        raise WebError(400, "“again” takes the number of a question.")
    files: list[tuple[str, bytes]] = []
    for _, value in form.multi_items():
        if not isinstance(value, UploadFile):
            continue
        data = await value.read()
        name = _shown(value.filename, len(files) + 1)
        if data:
            files.append((name, data))
        elif value.filename:
            # A form without a chosen file sends one that has no name either.
            raise WebError(400, f"{name} is empty: choose it again.", code="empty", about=name)
    return Asked(
        text=text,
        thread=_field(form, "thread") or None,
        again=int(again) if again else None,
        files=tuple(files),
    )


def _field(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _shown(name: str | None, number: int) -> str:
    """A file's name as it may be shown: the last part of its path, on one line."""
    last = PurePosixPath((name or "").replace("\\", "/")).name
    line = " ".join("".join(char if char.isprintable() else " " for char in last).split())
    return line[:_LONGEST_NAME] or f"picture {number}"


def _told(problem: str, limits: WebLimits) -> WebError:
    if "Too many files" in problem:
        return WebError(400, _too_many(limits), code="pictures")
    if "maximum size" in problem:
        return _too_long(limits)
    return WebError(400, "The form can't be read: load the page again.")


def _too_long(limits: WebLimits) -> WebError:
    told = f"The question is over {limits.text:,} characters: make it shorter."
    return WebError(400, told, code="long")


def _too_many(limits: WebLimits) -> str:
    return f"That is over {limits.images} pictures: send fewer with one question."
