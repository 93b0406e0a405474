"""What reading a document comes to: values, and where on which page each is written."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from deixis.vision import Box, DeixisError, Detection, ImageRecord

ValueT = TypeVar("ValueT", bound=BaseModel)


class FieldEvidence(BaseModel):
    """Where a field's value is written.

    Attributes:
        text: As the document writes it.
        page: Number of the page, from 1.
        image: Handle of the page's image.
        box: In original upright pixels of that image.
        score: Confidence, 0 to 1: how well its label fits, and how surely it was read.
        problem: Why what is written there gave no value; None where it gave one.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    page: int = Field(ge=1)
    image: str
    box: Box
    score: float = Field(ge=0, le=1)
    problem: str | None = None


class Document(BaseModel, Generic[ValueT]):
    """A document as it was read.

    Attributes:
        value: The fields in the model that was asked for; None where a required one is missing
            (`require` says which).
        partial: What was found, by the fields' own names, also where there is no `value`.
        fields: Where each is written, by its path: `total`, `seller.name`, `items.2.price` (rows
            count from 0). Also of what couldn't be taken as a value: `problem` says why.
        missing: Paths of the fields without a value.
        dropped: What the model said that isn't written on the page, and so isn't taken; rows are
            counted on their page, those that are taken.
        pages: The images that were read, in order.
        model: Name of the model.
    """

    model_config = ConfigDict(frozen=True)

    value: ValueT | None
    partial: dict[str, Any]
    fields: dict[str, FieldEvidence]
    missing: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    pages: tuple[ImageRecord, ...]
    model: str
    unmet: tuple[str, ...] = Field(default=(), repr=False)

    def require(self) -> ValueT:
        """The value.

        Raises:
            DeixisError: A required field is missing, with what to do.
        """
        if self.value is None:
            raise DeixisError(
                f"the document gives no {', '.join(self.unmet)}: look at `partial` and `fields`, "
                "or make these fields optional (`… | None = None`)"
            )
        return self.value

    def detections(self) -> list[Detection]:
        """The fields that have a value, as marks to draw on the pages' images."""
        return [
            Detection(label=path, text=one.text, box=one.box, score=one.score, image=one.image)
            for path, one in self.fields.items()
            if one.problem is None
        ]
