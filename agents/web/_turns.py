"""A turn of a conversation as the page shows it: plain JSON, also in the history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from deixis.agents._answer import Answer, PendingCall
from deixis.vision import Box, DeixisError, Detection, ImageBook, ImageRecord, Point
from deixis.vision._untrusted import for_person

TurnState = Literal["queued", "running", "waiting", "done", "failed", "stopped", "interrupted"]
UNFINISHED: Final[tuple[TurnState, ...]] = ("queued", "running", "waiting")
_LONGEST_ARGUMENT: Final = 2_000
_Corners = tuple[float, float, float, float]


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class ShownPicture(_Shown):
    """A picture of a conversation.

    Attributes:
        handle: Its name in the conversation.
        width: In pixels, upright: places on it are in these.
        height: In pixels.
        alt: What it is, for who can't see it.
        parent: Handle of the picture it was cut from.
    """

    handle: str
    width: int
    height: int
    alt: str
    parent: str | None = None


class ShownDetection(_Shown):
    """A place on a picture that an answer rests on, in that picture's pixels."""

    image: str | None
    label: str
    text: str | None
    box: _Corners | None
    point: tuple[float, float] | None
    score: float | None


class ShownPlace(_Shown):
    """Where on a picture a tool would act, in that picture's pixels."""

    image: str | None
    box: _Corners | None = None
    point: tuple[float, float] | None = None


class ShownCall(_Shown):
    """A tool call that waits for a person's word.

    Its arguments are as a person can judge them: what can't be seen is written out.
    """

    name: str
    arguments: dict[str, JsonValue]
    description: str
    places: tuple[ShownPlace, ...] = ()
    id: str = ""


class ShownTool(_Shown):
    """A tool call that was begun; `ok` is None until it ends."""

    call_id: str
    name: str
    ok: bool | None = None


class ShownAnswer(_Shown):
    """An answer.

    Attributes:
        text: In the asker's language.
        found: Whether what was seen holds it.
        language: As a BCP 47 tag; empty where the model didn't say.
        facts: `floor` as the sign writes it, and more.
        detections: The places it rests on.
        pictures: Made by tools for the user to see, such as the plan of a route.
        route: The route that was found last, as `deixis.tools.maps.Route` writes it.
    """

    text: str
    found: bool
    language: str
    facts: dict[str, str | None]
    detections: tuple[ShownDetection, ...] = ()
    pictures: tuple[ShownPicture, ...] = ()
    route: JsonValue = None


class Turn(_Shown):
    """A question and what became of it.

    Attributes:
        turn: Counts from 1 in each conversation.
        question: As it was asked.
        images: That came with it.
        state: How far it is.
        ahead: While it is queued: how many are before it.
        text: Of the answer, so far.
        tools: Called so far.
        pending: While it is waiting: the calls that a person must decide on.
        answer: When it is done.
        error: Why there is none.
    """

    turn: int
    question: str
    images: tuple[ShownPicture, ...] = ()
    state: TurnState = "queued"
    ahead: int = 0
    text: str = ""
    tools: tuple[ShownTool, ...] = ()
    pending: tuple[ShownCall, ...] = ()
    answer: ShownAnswer | None = None
    error: str | None = None

    def told(self) -> dict[str, JsonValue]:
        """The turn as JSON."""
        return self.model_dump(mode="json")


class ThreadTitle(_Shown):
    """A conversation in the list of them.

    Attributes:
        thread: Its name.
        title: The start of its first question.
        updated: When it was last asked in, in ISO 8601.
    """

    thread: str
    title: str
    updated: str


class Kept(_Shown):
    """A turn as the history keeps it: with what is known of its pictures, to ask again.

    Attributes:
        turn: As it is shown.
        records: Of the images that came with the question.
        made: Of all other images that the conversation knew when the turn was over.
    """

    turn: Turn
    records: tuple[ImageRecord, ...] = ()
    made: tuple[ImageRecord, ...] = ()


def shown_picture(record: ImageRecord, alt: str | None = None) -> ShownPicture:
    """A picture of a book, as the page is told of it."""
    return ShownPicture(
        handle=record.handle,
        width=record.width,
        height=record.height,
        alt=record.source if alt is None else alt,
        parent=record.parent,
    )


def shown_answer(answer: Answer, book: ImageBook) -> ShownAnswer:
    """An answer as the page is told of it: places on the pictures that were sent."""
    records = {record.handle: record for record in book.records}
    return ShownAnswer(
        text=answer.answer,
        found=answer.found,
        language=answer.language,
        facts={"floor": None, **answer.facts},
        detections=tuple(_detection(found, book) for found in answer.detections),
        pictures=tuple(
            shown_picture(records[made.image], made.alt)
            for made in answer.pictures
            if made.image in records
        ),
        route=_route(answer),
    )


def shown_calls(calls: Iterable[PendingCall], book: ImageBook) -> tuple[ShownCall, ...]:
    """Calls that wait for a person, with their places on the pictures that were sent."""
    return tuple(
        ShownCall(
            name=call.name,
            arguments={for_person(key): _visible(value) for key, value in call.arguments.items()},
            description=call.description,
            places=tuple(_place(place, book) for place in call.places),
            id=call.id,
        )
        for call in calls
    )


def _visible(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return for_person(value, _LONGEST_ARGUMENT)
    if isinstance(value, list):
        return [_visible(one) for one in value]
    if isinstance(value, dict):
        return {for_person(key): _visible(one) for key, one in value.items()}
    return value


def _detection(found: Detection, book: ImageBook) -> ShownDetection:
    # What is on no picture of the conversation is told as it is.
    with suppress(DeixisError):
        found = book.in_original(found)
    box = found.box or (found.quad.box if found.quad else None)
    return ShownDetection(
        image=found.image,
        label=found.label,
        text=found.text,
        box=_rounded(box.xyxy) if box else None,
        point=_pair(found.point) if found.point else None,
        score=None if found.score is None else round(found.score, 4),
    )


def _place(place: Point | Box, book: ImageBook) -> ShownPlace:
    if isinstance(place, Point):
        found = _detection(Detection(label="", point=place, image=place.image), book)
    else:
        found = _detection(Detection(label="", box=place, image=place.image), book)
    return ShownPlace(image=found.image, box=found.box, point=found.point)


def _rounded(corners: Sequence[float]) -> _Corners:
    x1, y1, x2, y2 = (round(value, 1) for value in corners)
    return (x1, y1, x2, y2)


def _pair(point: Point) -> tuple[float, float]:
    return (round(point.x, 1), round(point.y, 1))


def _route(answer: Answer) -> JsonValue:
    found = [call.data for call in answer.tool_calls if call.name == "route" and call.ok]
    return found[-1] if found else None
