"""A ready-made agent for documents: forms, invoices, prescriptions and tables into a model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from os import PathLike
from typing import TypeVar

from PIL import Image
from pydantic import BaseModel

from deixis.agents._document import Document
from deixis.agents._document_asking import Asking, Said, settled
from deixis.agents._document_values import document_of, wanted_fields
from deixis.vision import (
    CachedReader,
    ImageBook,
    ImageLimits,
    ImageRecord,
    ImageSource,
    ImageStore,
    RapidReader,
    Reader,
    Reading,
    VisionImage,
    VisionModel,
    load_images,
    load_model,
)
from deixis.vision._errors import ImageError
from deixis.vision.embedded.documents import FieldSpec, Found, find_fields

T = TypeVar("T", bound=BaseModel)


class DocumentReader:
    """Reads documents into a pydantic model, each field with the place that it came from.

    ```python
    class Invoice(BaseModel):
        invoice_number: str | None = None
        due_date: date | None = None
        items: list[Item] = []
        total: Decimal | None = None

    document = DocumentReader().read("invoice.pdf", Invoice)
    document.value.total, document.fields["total"].box
    ```

    Fields are found by what they are called: their names, aliases and short descriptions. What
    isn't found is empty and in `missing`. What a model says is taken only where it is written on
    the page: its text letter for letter or with a slip of the reader and every figure the same,
    or another way to write the same number or date.

    Args:
        model: A name for `load_model`, or a vision model. The embedded one goes by labels and
            layout; any other is asked page by page.
        reader: Reads the text that values are found in; rapidocr with readings kept on disk by
            default.
        images: Where the pages are kept; in memory by default.
        limits: What pages may cost, and how many a document may have.
    """

    def __init__(
        self,
        model: str | VisionModel = "embedded",
        *,
        reader: Reader | None = None,
        images: ImageStore | None = None,
        limits: ImageLimits | None = None,
    ) -> None:
        loaded = load_model(model) if isinstance(model, str) else model
        self._limits = limits or ImageLimits()
        self._store = images if images is not None else ImageStore(limits=self._limits)
        self._model = loaded.with_images(self._store)
        self._reader: Reader = reader if reader is not None else CachedReader(RapidReader())

    @property
    def images(self) -> ImageStore:
        """Where the pages are: `images.get(document.pages[0].sha256)`."""
        return self._store

    def read(self, sources: ImageSource | Sequence[ImageSource], schema: type[T]) -> Document[T]:
        """Reads one document.

        Args:
            sources: A photo or PDF, or the photos of one document in order: paths, URLs, bytes,
                PIL images.
            schema: What is wanted. Optional fields are the norm: a required one that isn't there
                leaves `value` None.

        Raises:
            ImageError: A source can't be read, there is none, or there are too many pages.
            ModelError: The model can't be run, or twice didn't answer in the shape asked for.
            TypeError: The schema has no fields.
        """
        fields = wanted_fields(schema)
        pages = self._pages(sources)
        if self._model.sees == "text":
            return self._found(schema, fields, pages, self._by_layout(fields, pages))
        asking = Asking(self._model, schema, fields)
        said = [
            asking.ask(page.record, number, len(pages), page.reading)
            for number, page in enumerate(pages)
        ]
        return self._merged(schema, fields, pages, said)

    async def aread(
        self, sources: ImageSource | Sequence[ImageSource], schema: type[T]
    ) -> Document[T]:
        """As `read`, asynchronously; a model is asked about one page after another."""
        fields = wanted_fields(schema)
        pages = await asyncio.to_thread(self._pages, sources)
        if self._model.sees == "text":
            found = await asyncio.to_thread(self._by_layout, fields, pages)
            return self._found(schema, fields, pages, found)
        asking = Asking(self._model, schema, fields)
        said = [
            await asking.aask(page.record, number, len(pages), page.reading)
            for number, page in enumerate(pages)
        ]
        return self._merged(schema, fields, pages, said)

    def _pages(self, sources: ImageSource | Sequence[ImageSource]) -> list[_Page]:
        book = ImageBook(self._store)
        pages: list[_Page] = []
        for source in _listed(sources):
            for image in load_images(source, limits=self._limits):
                record = book.add(image)
                # The same photo twice is one page.
                if all(page.record.handle != record.handle for page in pages):
                    pages.append(_Page(record, image, self._reader.read(image)))
        if not pages:
            raise ImageError("there is no page to read: give a photo or a PDF")
        if len(pages) > self._limits.pages:
            raise ImageError(
                f"the document has {len(pages)} pages, over the limit of {self._limits.pages}: "
                "give fewer, or raise ImageLimits.pages"
            )
        return pages

    @staticmethod
    def _by_layout(fields: Sequence[FieldSpec], pages: Sequence[_Page]) -> list[Found]:
        readings = [page.reading for page in pages]
        return find_fields(fields, readings, pixels=[page.image.pixels for page in pages])

    def _merged(
        self,
        schema: type[T],
        fields: Sequence[FieldSpec],
        pages: Sequence[_Page],
        said: Sequence[Said],
    ) -> Document[T]:
        dropped = [told for one in said for told in one.dropped]
        return self._found(schema, fields, pages, settled(said), dropped)

    def _found(
        self,
        schema: type[T],
        fields: Sequence[FieldSpec],
        pages: Sequence[_Page],
        found: Sequence[Found],
        dropped: Sequence[str] = (),
    ) -> Document[T]:
        return document_of(
            schema,
            fields,
            found,
            pages=[page.record for page in pages],
            model=self._model.name_for_users,
            dropped=dropped,
        )


class _Page:
    """A page: its record, its picture and what is written on it."""

    def __init__(self, record: ImageRecord, image: VisionImage, reading: Reading) -> None:
        self.record = record
        self.image = image
        self.reading = reading


def _listed(sources: ImageSource | Sequence[ImageSource]) -> Sequence[ImageSource]:
    if isinstance(sources, str | bytes | PathLike | Image.Image | VisionImage):
        return [sources]
    return sources
