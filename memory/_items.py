"""What is remembered: a text, when and where it was said, and the places it speaks of."""

from __future__ import annotations

import datetime
import json
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from deixis.vision import DeixisError, Detection, ImageRecord

Kind = Literal["turn", "fact", "note", "document"]
"""`turn`: a question and its answer. `fact`: an answer that was found, with its places. `note`:
what was asked to be remembered. `document`: put there by another program, see `as_vectors` and
`as_langgraph`."""

ConversedKind = Literal["turn", "fact", "note"]

Origin = Literal["conversation", "user", "model", "program"]
"""Who brought it: a turn of a conversation, the user's own command, a tool call, a program."""

_SENTENCE = 16  # bytes: some three English words, or five Chinese characters

_CENTURY = 36_525  # days: more is forever

CONVERSED: tuple[ConversedKind, ...] = ("turn", "fact", "note")


class MemoryPlace(BaseModel):
    """A place in a picture that a memory speaks of.

    Attributes:
        detection: In pixels of the original upright image, with the handle the image had.
        image: What the conversation knew of that image; the hash in it finds the picture.
    """

    model_config = ConfigDict(frozen=True)

    detection: Detection
    image: ImageRecord


class MemoryItem(BaseModel):
    """One thing that is remembered.

    Attributes:
        id: Names it.
        user: Whose it is; None for a conversation that has no user.
        thread: The conversation it comes from.
        kind: See `Kind`.
        origin: Who brought it.
        text: What is remembered. Of a turn: the answer's prose.
        question: What was asked, of turns and facts.
        places: Where it stands in pictures, best first.
        facts: What is stated, by kind (`floor`), as the sign writes it.
        source: Id of the message it comes from: what is written twice is kept once.
        created: When it was first said (UTC).
        updated: When it was last said.
        count: How often it was said.
        replaced_by: Id of the newer memory that contradicts it.
        expires: When it is forgotten by itself.
        data: Of a document: whatever the program keeps with it. Of a turn: whether it was found.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    user: str | None = None
    thread: str | None = None
    kind: Kind = "note"
    origin: Origin = "user"
    text: str
    question: str = ""
    places: tuple[MemoryPlace, ...] = ()
    facts: dict[str, str | None] = Field(default_factory=dict[str, "str | None"])
    source: str = ""
    created: datetime.datetime
    updated: datetime.datetime
    count: int = 1
    replaced_by: str | None = None
    expires: datetime.datetime | None = None
    data: dict[str, Any] = Field(default_factory=dict[str, Any])

    @property
    def meaning(self) -> str:
        """What its vector is made of.

        An answer that is a whole sentence stands for itself: with its question it would be near
        to every other question that is put alike.
        """
        whole = len(self.text.encode()) >= _SENTENCE
        return self.text if whole or not self.question else f"{self.question}\n{self.text}"

    @property
    def images(self) -> frozenset[str]:
        """Hashes of the pictures it speaks of."""
        return frozenset(place.image.sha256 for place in self.places)

    def expired(self, now: datetime.datetime) -> bool:
        """Whether its time has come."""
        return self.expires is not None and self.expires <= now


class Recollection(NamedTuple):
    """A memory that came to mind.

    Attributes:
        item: The memory.
        score: Cosine of its vector and the question's, from -1 to 1.
        earlier: What was said before and is contradicted by it, newest first.
    """

    item: MemoryItem
    score: float
    earlier: tuple[MemoryItem, ...] = ()


class MemoryPolicy(BaseModel):
    """What is kept of a user's conversations, and for how long. The user sets it.

    It doesn't hold for documents, which the program that put them there looks after.

    Attributes:
        kinds: What the agent writes by itself; notes are kept when someone asks for it.
        days: After how many days a memory is forgotten, and a conversation that nobody has gone
            on with; None keeps them.
        most: How many memories are kept, the newest; None keeps all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: frozenset[ConversedKind] = frozenset(CONVERSED)
    days: float | None = Field(default=None, gt=0, le=_CENTURY, allow_inf_nan=False)
    most: int | None = Field(default=None, ge=1, le=1_000_000_000)

    def expiry(self, now: datetime.datetime) -> datetime.datetime | None:
        """When something said now is forgotten."""
        return None if self.days is None else now + datetime.timedelta(days=self.days)


class Forgotten(BaseModel):
    """What `forget` removed.

    Attributes:
        memories: How many memories.
        threads: How many conversations.
        images: How many pictures; those that someone else refers to stay.
    """

    model_config = ConfigDict(frozen=True)

    memories: int = 0
    threads: int = 0
    images: int = 0


def utc_now() -> datetime.datetime:
    """The time, with its zone."""
    return datetime.datetime.now(datetime.UTC)


def storable(text: str) -> str:
    """A text that every database keeps: half characters and NUL are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def to_json(item: MemoryItem) -> str:
    """An item as the record keeps it.

    Raises:
        DeixisError: Its data can't be written as JSON.
    """
    try:
        told = item.model_dump(mode="json", exclude_defaults=True)
    except (ValueError, RecursionError) as error:  # what pydantic can't write, bytes not in UTF-8
        raise DeixisError(
            f"the data kept with a document must be JSON ({error}): give text, numbers and lists"
        ) from error
    return json.dumps(told, ensure_ascii=True)


def from_json(text: str) -> MemoryItem:
    """An item out of the record."""
    # Half a character, which a user's name may hold, is nothing that pydantic's parser takes.
    if "\\ud" in text:
        return MemoryItem.model_validate(json.loads(text))
    return MemoryItem.model_validate_json(text)
