"""The frames of a conversation's images, cuts led back to the images they were cut from."""

from __future__ import annotations

from collections.abc import Iterable

from deixis.vision._dialect import Dialect
from deixis.vision._geometry import Box
from deixis.vision._store import ImageRecord
from deixis.vision._transforms import Frame, Transform


def frames_of(records: Iterable[ImageRecord], dialect: Dialect) -> dict[str | None, Frame]:
    """The frame in which a model speaks of each image, by handle; None stands for the latest.

    A place on a cut comes out in the pixels, and with the handle, of the uncut image.
    """
    known = {record.handle: record for record in records}
    frames: dict[str | None, Frame] = {}
    for record in known.values():
        root, region = _root(record, known)
        if region is None:
            frames[record.handle] = dialect.frame(root.size, image=root.handle)
        else:
            frames[record.handle] = dialect.frame(
                root.size, image=root.handle, region=region, shown=record.size
            )
        frames[None] = frames[record.handle]
    return frames


def _root(record: ImageRecord, known: dict[str, ImageRecord]) -> tuple[ImageRecord, Box | None]:
    """The uncut image, and where in it this one lies."""
    whole = Box(x1=0, y1=0, x2=record.width, y2=record.height)
    region: Box | None = None
    for _ in range(len(known)):
        parent = known.get(record.parent or "")
        if parent is None or record.region is None:
            break
        x1, y1, x2, y2 = record.region
        corners = Box(x1=x1, y1=y1, x2=x2, y2=y2)
        into_parent = Transform.chain(
            Transform.resize(record.size, (corners.width, corners.height)),
            Transform.crop(corners).inverse(),
        )
        region = into_parent.apply(region or whole)
        record = parent
    return record, region
