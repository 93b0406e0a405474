"""Where images are kept: bytes under their hash, and the handles of one conversation."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from deixis.vision._decode import check_size
from deixis.vision._errors import ImageError, ImageHandleError, PlaceError
from deixis.vision._geometry import Box, Coordinate, Detection, Size
from deixis.vision._images import DEFAULT_LIMITS, ImageLimits, VisionImage, restore_image
from deixis.vision._transforms import Transform

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_HANDLE: Final = re.compile(r"img_([1-9][0-9]*)")


class ImageStore:
    """Images under the hash of their bytes: in memory, or in a folder that survives.

    Several threads and processes may use one folder at a time.

    Args:
        root: The folder, made when the first image comes; None keeps images in memory.
        limits: Images over these are neither taken nor given.
    """

    def __init__(self, root: Path | None = None, *, limits: ImageLimits = DEFAULT_LIMITS) -> None:
        self._root = root
        self._limits = limits
        self._memory: dict[str, bytes] = {}

    def put(self, image: VisionImage) -> str:
        """Keep an image's bytes, and return their hash; what is there already stays.

        Raises:
            ImageError: The image is over the limits, its hash doesn't fit, or the folder can't
                be written.
        """
        check_size(image.size, image.source, self._limits)
        if len(image.data) > self._limits.bytes:
            raise ImageError(
                f"{image.source} is over the store's limit of {self._limits.bytes:,} bytes: "
                "save it smaller, or raise ImageLimits.bytes"
            )
        if hashlib.sha256(image.data).hexdigest() != image.sha256:
            raise ImageError(f"the hash of {image.source} doesn't fit its bytes: load it again")
        if self._root is None:
            self._memory[image.sha256] = image.data
        else:
            self._write(self._file(self._root, image.sha256), image.data)
        return image.sha256

    def get(self, sha256: str) -> VisionImage:
        """The image under a hash; its `source` is the start of the hash.

        Raises:
            ImageHandleError: None is, or that is no hash.
            ImageError: What is kept there is damaged.
        """
        _check_hash(sha256)
        data = self._memory.get(sha256) if self._root is None else self._bytes(self._root, sha256)
        if data is None:
            raise ImageHandleError(f"no image {sha256[:12]}… is in the store: add it again")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ImageError(f"the stored image {sha256[:12]}… is damaged: add it again")
        return restore_image(data, source=sha256[:12], limits=self._limits)

    def __contains__(self, sha256: str) -> bool:
        if not _SHA256.fullmatch(sha256):
            return False
        if self._root is None:
            return sha256 in self._memory
        return self._file(self._root, sha256).is_file()

    def delete(self, sha256: str) -> None:
        """Drop an image, if it is there.

        Raises:
            ImageHandleError: That is no hash.
            ImageError: The folder can't be written.
        """
        _check_hash(sha256)
        if self._root is None:
            self._memory.pop(sha256, None)
            return
        try:
            self._file(self._root, sha256).unlink(missing_ok=True)
        except OSError as error:
            raise self._failed(error) from error

    def hashes(self) -> Iterator[str]:
        """The hashes of all images kept, in no particular order."""
        if self._root is None:
            yield from tuple(self._memory)
            return
        for path in self._root.glob("??/*"):
            if _SHA256.fullmatch(path.name):
                yield path.name

    @staticmethod
    def _file(root: Path, sha256: str) -> Path:
        return root / sha256[:2] / sha256

    def _bytes(self, root: Path, sha256: str) -> bytes | None:
        try:
            with self._file(root, sha256).open("rb") as file:
                return file.read(self._limits.bytes + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed(error) from error

    def _write(self, path: Path, data: bytes) -> None:
        try:
            # Compared in full: putting an image again mends one that was damaged on disk.
            with suppress(FileNotFoundError):
                if path.read_bytes() == data:
                    return
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, data)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> ImageError:
        return ImageError(
            f"the image folder {self._root} can't be used ({error.strerror}): "
            "free it up or choose another"
        )


def _replace(path: Path, data: bytes) -> None:
    """Write a file so that at any moment, a power cut included, it is whole or absent."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    # Only POSIX can open a folder to sync the new name.
    with suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _check_hash(sha256: str) -> None:
    if not _SHA256.fullmatch(sha256):
        raise ImageHandleError(
            f"{sha256[:80]!r} is no image's hash: it takes 64 digits of lower-case hex"
        )


class ImageRecord(BaseModel):
    """What a conversation knows of one image: plain JSON in state and checkpoints.

    Attributes:
        handle: Its name in the conversation, e.g. `img_1`.
        sha256: Hash of its bytes, under which a store keeps it.
        width: In pixels, upright.
        height: In pixels, upright.
        source: What to show a user.
        page: Number of the page it was in a PDF, from 1.
        parent: Handle of the image it was cut from.
        region: Where in the parent: x1, y1, x2, y2 in the parent's own pixels. The cut may have
            been scaled, so its size needn't be the region's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    handle: str
    sha256: str
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    source: str
    page: int | None = None
    parent: str | None = None
    region: tuple[Coordinate, Coordinate, Coordinate, Coordinate] | None = None

    @property
    def size(self) -> Size:
        """Width and height in pixels, upright."""
        return (self.width, self.height)


class ImageBook:
    """The images of one conversation, by handle, over a store.

    Args:
        store: Where their bytes are.
        records: What an earlier turn knew, oldest first.
        holding: Told the hash of an image before it is stored, to note who refers to it.

    Raises:
        ImageHandleError: Two records have the same handle.
    """

    def __init__(
        self,
        store: ImageStore,
        records: Iterable[ImageRecord] = (),
        *,
        holding: Callable[[str], None] | None = None,
    ) -> None:
        self._store = store
        self._holding = holding
        self._records: dict[str, ImageRecord] = {}
        self._lock = threading.Lock()
        for record in records:
            if record.handle in self._records:
                raise ImageHandleError(f"two images are called {record.handle}: rename one")
            self._records[record.handle] = record

    def add(
        self, image: VisionImage, *, parent: str | None = None, region: Box | None = None
    ) -> ImageRecord:
        """Keep an image and give it a handle, or find the record it has already.

        Args:
            image: The image.
            parent: Handle of the image it was cut from.
            region: Where in the parent, in the parent's pixels.

        Raises:
            ImageHandleError: There is no such parent.
            PlaceError: The region is empty, outside the parent, or has no parent.
            ImageError: The store can't keep the image.
        """
        if region is not None:
            self._check_region(parent, region)
        elif parent is not None:
            self[parent]
        if self._holding is not None:
            self._holding(image.sha256)
        sha256 = self._store.put(image)
        return self._named(
            ImageRecord(
                handle="",
                sha256=sha256,
                width=image.size[0],
                height=image.size[1],
                source=image.source,
                page=image.page,
                parent=parent,
                region=None if region is None else region.xyxy,
            )
        )

    def adopt(self, record: ImageRecord) -> ImageRecord | None:
        """Give an image of another conversation a handle here; None where its bytes are gone.

        It isn't held by that: where it is forgotten it is gone from here as well.

        Args:
            record: What the other conversation knew of it. One that was cut comes as an image
                of its own.
        """
        if record.sha256 not in self._store:
            return None
        return self._named(record.model_copy(update={"parent": None, "region": None}))

    def _named(self, new: ImageRecord) -> ImageRecord:
        """A record under a handle of its own; the one there is of the same image."""
        made_of = (new.sha256, new.parent, new.region)
        with self._lock:
            for known in self._records.values():
                if (known.sha256, known.parent, known.region) == made_of:
                    return known
            record = new.model_copy(update={"handle": self._next_handle()})
            self._records[record.handle] = record
        return record

    def __getitem__(self, handle: str) -> ImageRecord:
        record = self._records.get(handle)
        if record is None:
            known = ", ".join(self._records) or "none yet"
            raise ImageHandleError(f"there is no image {handle[:80]!r}: the images are {known}")
        return record

    def image(self, handle: str) -> VisionImage:
        """The image a handle names, with the source and page it was added with.

        Raises:
            ImageHandleError: There is no such handle, or its bytes are gone from the store.
            ImageError: Its bytes are damaged.
        """
        record = self[handle]
        return replace(self._store.get(record.sha256), source=record.source, page=record.page)

    @property
    def records(self) -> tuple[ImageRecord, ...]:
        """All records, oldest first."""
        return tuple(self._records.values())

    @property
    def latest(self) -> ImageRecord | None:
        """The record added last."""
        return next(reversed(self._records.values()), None)

    def in_original(self, detection: Detection) -> Detection:
        """A detection on a cut, moved to the pixels and the handle of the image it came from.

        Args:
            detection: In pixels of the image it names.

        Raises:
            ImageHandleError: It names no image of this conversation.
            PlaceError: It names no image at all, or the images are cut from each other in a ring.
        """
        if detection.image is None:
            raise PlaceError("the detection names no image: bind it with `on(handle)` first")
        record, steps, seen = self[detection.image], Transform(), {detection.image}
        while record.parent is not None:
            parent = self[record.parent]
            if parent.handle in seen:
                raise PlaceError(f"{parent.handle} is cut from itself: its records are damaged")
            seen.add(parent.handle)
            steps = steps.then(_to_parent(record, parent))
            record = parent
        return _moved(detection, steps).on(record.handle)

    def _check_region(self, parent: str | None, region: Box) -> None:
        if parent is None:
            raise PlaceError("a region needs the image it was cut from: give its handle as parent")
        if region.image not in {None, parent}:
            raise PlaceError(
                f"the region is on {region.image}, not on {parent}: give the right one"
            )
        size = self[parent].size
        if region.area <= 0 or not region.inside(size):
            raise PlaceError(
                f"the region {region.xyxy} must have an area and lie inside {parent}, "
                f"which is {size[0]} × {size[1]} pixels"
            )

    def _next_handle(self) -> str:
        numbers = (int(m[1]) for handle in self._records if (m := _HANDLE.fullmatch(handle)))
        return f"img_{max(numbers, default=0) + 1}"


def _to_parent(record: ImageRecord, parent: ImageRecord) -> Transform:
    x1, y1, x2, y2 = record.region or (0.0, 0.0, float(parent.width), float(parent.height))
    scale = Transform.resize(record.size, (x2 - x1, y2 - y1))
    return scale.then(Transform(c=x1, f=y1))


def _moved(detection: Detection, transform: Transform) -> Detection:
    places = {
        name: transform.apply(place)
        for name in ("box", "point", "quad")
        if (place := getattr(detection, name)) is not None
    }
    return detection.model_copy(update=places)
