"""Places in an image, in pixels of the original upright image.

Origin top left, x to the right, y down, floats. A pixel's centre lies at +0.5, so an image of
width w spans 0 to w.
"""

from __future__ import annotations

import math
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

PLACE_MARK = "x-deixis-place"
"""Key that marks a place in a JSON schema; its value is `point` or `box`."""

Size = tuple[int, int]
"""Width and height in pixels."""

Coordinate = Annotated[float, Field(allow_inf_nan=False)]
XY = tuple[Coordinate, Coordinate]


class _Place(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str | None = Field(default=None, description="Handle of the image, e.g. `img_1`.")


class Point(_Place):
    """A point of an image, in original pixels.

    Its JSON schema is marked with `x-deixis-place`, so that a dialect can word it in the frame
    of its model.
    """

    model_config = ConfigDict(json_schema_extra={PLACE_MARK: "point"})

    x: Coordinate
    y: Coordinate

    def inside(self, size: Size) -> bool:
        """Whether the point lies on an image of this size, edges included."""
        return 0 <= self.x <= size[0] and 0 <= self.y <= size[1]

    def clamped(self, size: Size) -> Point:
        """The nearest point that lies on an image of this size."""
        x = min(max(self.x, 0.0), float(size[0]))
        y = min(max(self.y, 0.0), float(size[1]))
        return self.model_copy(update={"x": x, "y": y})


class Box(_Place):
    """An upright bounding box, in original pixels, with x1 <= x2 and y1 <= y2.

    Its JSON schema is marked like that of `Point`.
    """

    model_config = ConfigDict(json_schema_extra={PLACE_MARK: "box"})

    x1: Coordinate
    y1: Coordinate
    x2: Coordinate
    y2: Coordinate

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.x1 > self.x2 or self.y1 > self.y2:
            raise ValueError(
                f"a box needs x1 <= x2 and y1 <= y2, got {self.xyxy}: "
                "give the top left corner first"
            )
        return self

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        """The corners as x1, y1, x2, y2."""
        return (self.x1, self.y1, self.x2, self.y2)

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    @property
    def center(self) -> Point:
        """The middle of the box."""
        return Point(x=(self.x1 + self.x2) / 2, y=(self.y1 + self.y2) / 2, image=self.image)

    def inside(self, size: Size) -> bool:
        """Whether the whole box lies on an image of this size."""
        return self.x1 >= 0 and self.y1 >= 0 and self.x2 <= size[0] and self.y2 <= size[1]

    def clamped(self, size: Size) -> Box:
        """The box cut to an image of this size; empty where it lay outside."""
        xs = [min(max(v, 0.0), float(size[0])) for v in (self.x1, self.x2)]
        ys = [min(max(v, 0.0), float(size[1])) for v in (self.y1, self.y2)]
        return self.model_copy(update={"x1": xs[0], "x2": xs[1], "y1": ys[0], "y2": ys[1]})

    def intersection(self, other: Box) -> float:
        """Area shared with another box, in square pixels."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return max(width, 0.0) * max(height, 0.0)

    def iou(self, other: Box) -> float:
        """Intersection over union with another box, 0 to 1."""
        shared = self.intersection(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else float(self.xyxy == other.xyxy)

    def union(self, other: Box) -> Box:
        """The smallest box around both."""
        return self.model_copy(
            update={
                "x1": min(self.x1, other.x1),
                "y1": min(self.y1, other.y1),
                "x2": max(self.x2, other.x2),
                "y2": max(self.y2, other.y2),
            }
        )


class Quad(_Place):
    """Tilted text: four corners in original pixels, clockwise from the text's top left."""

    points: tuple[XY, XY, XY, XY]

    @property
    def box(self) -> Box:
        """The smallest upright box around the quad."""
        xs = [x for x, _ in self.points]
        ys = [y for _, y in self.points]
        return Box(x1=min(xs), y1=min(ys), x2=max(xs), y2=max(ys), image=self.image)

    @property
    def center(self) -> Point:
        """The mean of the corners."""
        return Point(
            x=sum(x for x, _ in self.points) / 4,
            y=sum(y for _, y in self.points) / 4,
            image=self.image,
        )

    @property
    def angle(self) -> float:
        """Direction of the text in radians: 0 is level, positive turns clockwise (y is down)."""
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = self.points
        return math.atan2((by - ay) + (cy - dy), (bx - ax) + (cx - dx))

    @property
    def height(self) -> float:
        """Mean length of the left and right edges, in pixels: the height of the text."""
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = self.points
        return (math.hypot(dx - ax, dy - ay) + math.hypot(cx - bx, cy - by)) / 2

    @property
    def width(self) -> float:
        """Mean length of the top and bottom edges, in pixels."""
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = self.points
        return (math.hypot(bx - ax, by - ay) + math.hypot(cx - dx, cy - dy)) / 2

    @classmethod
    def of_box(cls, box: Box) -> Quad:
        """The quad with the corners of an upright box."""
        return cls(
            points=((box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2)),
            image=box.image,
        )


class Detection(BaseModel):
    """Something seen: what it is, what is written there, and where.

    Attributes:
        label: What the model or reader calls it.
        text: What is written there, as the image writes it; None where nothing is.
        box: Upright bounding box in original pixels.
        point: A point in original pixels, for models that point rather than box.
        quad: The text's own outline where it is tilted.
        score: Confidence, 0 to 1; None where the model gives none.
        image: Handle of the image.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    text: str | None = None
    box: Box | None = None
    point: Point | None = None
    quad: Quad | None = None
    score: float | None = Field(default=None, ge=0, le=1)
    image: str | None = None

    def on(self, image: str | None) -> Detection:
        """The same detection, bound with all its places to the image of this handle."""
        update = {"image": image}
        places = {
            name: place.model_copy(update=update)
            for name in ("box", "point", "quad")
            if (place := getattr(self, name)) is not None
        }
        return self.model_copy(update={**update, **places})
