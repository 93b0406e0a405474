"""The commands of the command line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deixis.agents._console import emit, plain, say, status
from deixis.agents._failures import CommandUsageError
from deixis.vision import (
    Detection,
    DrawingStyle,
    FontError,
    annotate,
    load_image,
    load_images,
)

if TYPE_CHECKING:
    from PIL import Image

    from deixis.agents import Answer
    from deixis.vision import ImageBook, Reading, TextLine

_DRAWABLE = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


def ask(
    words: Sequence[str],
    *,
    model: str,
    user: str | None,
    thread: str | None,
    out: Path | None,
    as_json: bool,
    map_: str | None = None,
    trace: Path | None = None,
) -> None:
    """Answers a question about images, on a map too, and draws what the answer rests on."""
    images, question = _split(words)
    check_drawable(out)
    loaded = [page for image in images for page in load_images(image)]
    from deixis.agents._session import open_agent
    from deixis.agents.tracing._commands import traced_to

    with ExitStack() as open_things:
        tracing = open_things.enter_context(traced_to(trace))
        agent, kept = open_agent(model, user=user, map_=map_, tracing=tracing)
        if kept is not None:
            open_things.callback(kept.close)
        with status("Looking …"):
            answer = agent.ask(question, loaded, thread=thread, user=user)
        if as_json:
            emit(answer_json(answer, on_map=map_ is not None))
        else:
            _show(answer)
        # Last, so that a picture which can't be written doesn't lose the answer.
        if out is not None:
            draw_answer(answer, agent.images(answer.thread, user=user), out)


def _split(words: Sequence[str]) -> tuple[Sequence[str], str]:
    """The images and the question, which comes last."""
    *images, question = words
    if not question.strip():
        raise CommandUsageError("there is no question: deixis ask [IMAGE…] QUESTION")
    if _is_file(question):
        raise CommandUsageError(f"{question} is a file: put the question last, after the images")
    return images, question


def _is_file(word: str) -> bool:
    try:
        return Path(word).expanduser().is_file()
    except (OSError, ValueError):  # a long question is no name of a file
        return False


def answer_json(answer: Answer, *, on_map: bool) -> dict[str, Any]:
    """An answer as the command line prints it; with a map, its way and the pictures of it."""
    written: dict[str, Any] = {
        "answer": answer.answer,
        "found": answer.found,
        "language": answer.language,
        "detections": [detection_json(d) for d in answer.detections],
        "facts": {"floor": None, **answer.facts},
        "tool_calls": [call.model_dump(mode="json") for call in answer.tool_calls],
        "model": answer.model,
        "thread": answer.thread,
    }
    return written | _way_json(answer) if on_map else written


def _way_json(answer: Answer) -> dict[str, Any]:
    from deixis.agents._guide import route_of

    route = route_of(answer)
    return {
        "route": route.model_dump(mode="json") if route else None,
        "pictures": [picture.model_dump(mode="json") for picture in answer.pictures],
    }


def detection_json(detection: Detection) -> dict[str, Any]:
    """A detection as the command line prints it: boxes as lists, in original pixels."""
    written: dict[str, Any] = {
        "image": detection.image,
        "label": detection.label,
        "text": detection.text,
        "box": _rounded(detection.box.xyxy) if detection.box else None,
        "score": None if detection.score is None else round(detection.score, 4),
    }
    if detection.point is not None:
        written["point"] = _rounded((detection.point.x, detection.point.y))
    return written


def _rounded(numbers: Sequence[float]) -> list[float]:
    return [round(number, 1) for number in numbers]


def _show(answer: Answer) -> None:
    say(plain(answer.answer))
    for detection in answer.detections:
        if detection.box is not None:
            corners = ", ".join(f"{value:.0f}" for value in detection.box.xyxy)
            text = plain(detection.text or detection.label)
            say(f"  {detection.image}  [{corners}]  {text}", dim=True)
    say(plain(f"  thread {answer.thread}"), dim=True, to_stderr=True)


def check_drawable(out: Path | None, *, kinds: Sequence[str] = _DRAWABLE) -> None:
    """Refuses a picture that can't be written before any work is done."""
    if out is None:
        return
    if out.suffix.lower() not in kinds:
        raise CommandUsageError(f"{out} is no picture's name: end it in {' or '.join(kinds[:2])}")
    if not out.parent.is_dir():
        raise CommandUsageError(f"there is no folder {out.parent}: make it first")
    if out.is_dir() or not os.access(out if out.exists() else out.parent, os.W_OK):
        raise CommandUsageError(f"{out} can't be written: choose another name")


def draw_answer(answer: Answer, book: ImageBook, out: Path) -> None:
    """Draws each image's detections, and what tools made to be seen, such as a route.

    The first is written to `out`, others beside it by their handle.
    """
    by_image: dict[str, list[Detection]] = {}
    for detection in answer.detections:
        if detection.image is not None:
            by_image.setdefault(detection.image, []).append(detection)
    for picture in answer.pictures:
        by_image.setdefault(picture.image, [])
    if not by_image:
        if book.latest is None:
            raise CommandUsageError("there is no image to annotate: give one before the question")
        by_image[book.latest.handle] = []
        say("nothing to mark: the picture is written as it is", to_stderr=True)
    for number, (handle, found) in enumerate(by_image.items()):
        path = out if number == 0 else out.with_stem(f"{out.stem}-{handle}")
        save_picture(marked(book.image(handle).pixels(), found), path)


def marked(picture: Image.Image, found: Sequence[Detection]) -> Image.Image:
    """The picture with its marks; numbers stand for labels that no installed font can draw."""
    try:
        return annotate(picture, found)
    except FontError as error:
        say(f"deixis: {error}", to_stderr=True)
        return annotate(picture, found, style=DrawingStyle(missing_font="number"))


def save_picture(picture: Image.Image, path: Path) -> None:
    """Writes a picture that a person asked for.

    Raises:
        CommandUsageError: It can't be written there.
    """
    try:
        picture.save(path)
    except OSError as error:
        raise CommandUsageError(f"{path} can't be written ({error.strerror or error})") from None


def read(image: str, *, as_json: bool) -> None:
    """Prints the text of an image, line by line; of a document, of all its pages."""
    from deixis.vision import CachedReader, RapidReader

    reader = CachedReader(RapidReader())
    pages = load_images(image)
    readings: list[Reading] = []
    for page in pages:
        with status(f"Reading {page.source} …"):
            readings.append(reader.read(page))
    if not as_json:
        for reading in readings:
            for line in reading.lines:
                say(plain(line.text))
        return
    several = len(readings) > 1
    width, height = readings[0].size
    written: dict[str, Any] = {
        "image": {"width": width, "height": height},
        "lines": [
            {**_line_json(line), **({"page": number} if several else {})}
            for number, reading in enumerate(readings, start=1)
            for line in reading.lines
        ],
    }
    if several:
        written["pages"] = [{"width": r.size[0], "height": r.size[1]} for r in readings]
    emit(written)


def _line_json(line: TextLine) -> dict[str, Any]:
    return {
        "text": line.text,
        "box": _rounded(line.box.xyxy),
        "quad": [_rounded(point) for point in line.quad.points],
        "score": round(line.score, 4),
    }


def ground(image: str, phrase: str, *, model: str, out: Path | None, as_json: bool) -> None:
    """Finds a phrase in an image; a model that only reads says what objects would take."""
    if not phrase.strip():
        raise CommandUsageError("there is nothing to find: deixis ground IMAGE PHRASE")
    check_drawable(out)
    picture = load_image(image)
    from deixis.vision import load_model

    loaded = load_model(model)
    with status("Looking …"):
        found = [d.on("img_1") for d in loaded.ground(picture, phrase)]
    note = None
    if not found and loaded.sees == "text":
        note = (
            f"{phrase!r} is not written here. The embedded model finds text, and objects only in "
            "pictures with depth: else it takes a vision-language model (see `deixis models`)."
        )
    if out is not None:
        save_picture(marked(picture.pixels(), found), out)
    if as_json:
        emit({"detections": [detection_json(d) for d in found], **({"note": note} if note else {})})
        return
    for detection in found:
        box = detection.box
        corners = ", ".join(f"{value:.0f}" for value in box.xyxy) if box else ""
        say(f"[{corners}]  {plain(detection.text or detection.label)}")
    if not found:
        say(plain(note or f"{phrase!r} was not found."))


def models(*, as_json: bool) -> None:
    """Lists every kind of model and whether it can run here."""
    from deixis.vision import model_statuses

    statuses = model_statuses()
    if as_json:
        emit({"models": [s.model_dump(mode="json") for s in statuses]})
        return
    for model in statuses:
        mark = "ready" if model.available else "missing"
        say(f"{mark:8} {model.name}")
        say(
            f"         sees {model.sees}" + (f"; {model.missing}" if model.missing else ""),
            dim=True,
        )
        if model.room:
            say(plain(f"         room: {model.room}"), dim=True)
        for name in model.found:
            say(plain(f"         here: {name}"))
