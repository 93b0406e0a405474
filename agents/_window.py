"""What of a conversation the model is shown: the state keeps all, the prompt what fits."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AnyMessage

from deixis.vision import IMAGE_REFERENCE, Dialect, ImageRecord, ImageStore, Reader


class PromptWindow:
    """Makes the messages that a model is shown out of those of the state.

    Args:
        store: Where the images' bytes are.
        reader: For what is written in an image that isn't shown.
        dialect: How the model writes places, and what an image costs it.
        image_tokens: Of images in one prompt; the newest image is always shown.
    """

    def __init__(
        self, *, store: ImageStore, reader: Reader, dialect: Dialect, image_tokens: int
    ) -> None:
        self._store = store
        self._reader = reader
        self._dialect = dialect
        self._image_tokens = image_tokens

    def shown(
        self, messages: Sequence[AnyMessage], images: Sequence[ImageRecord], *, inline: bool
    ) -> list[AnyMessage]:
        """The messages with the images that fit.

        Args:
            messages: All of the conversation.
            images: Its images.
            inline: Whether images go with their bytes, for models that aren't ours.
        """
        records = {record.handle: record for record in images}
        if not records:
            return list(messages)
        shown = self._within_budget(records, messages)
        if not inline and len(shown) == len(records):
            return list(messages)
        return [
            _view(message, records, shown, self._store if inline else None) for message in messages
        ]

    def _within_budget(
        self, records: Mapping[str, ImageRecord], messages: Sequence[AnyMessage]
    ) -> set[str]:
        """The newest images whose tokens fit, the very newest in any case."""
        order = [
            str(block.get("id"))
            for message in messages
            for block in _blocks(message)
            if block.get("type") == IMAGE_REFERENCE
        ]
        left = self._image_tokens
        shown: set[str] = set()
        for handle in dict.fromkeys(reversed(order)):
            record = records.get(handle)
            if record is None:
                continue
            left -= self._dialect.image_tokens(record.size)
            if left < 0 and shown:
                break
            shown.add(handle)
        return shown | (records.keys() - set(order))


def _blocks(message: AnyMessage) -> list[dict[str, Any]]:
    if isinstance(message.content, str):
        return []
    return [cast("dict[str, Any]", b) for b in message.content if isinstance(b, dict)]


def _view(
    message: AnyMessage,
    records: Mapping[str, ImageRecord],
    shown: set[str],
    inline_from: ImageStore | None,
) -> AnyMessage:
    """A message as the model sees it: images left out, or with their bytes."""
    blocks = _blocks(message)
    if not any(block.get("type") == IMAGE_REFERENCE for block in blocks):
        return message
    content: list[Any] = []
    for block in blocks:
        record = records.get(str(block.get("id")))
        if block.get("type") != IMAGE_REFERENCE or record is None:
            content.append(block)
        elif record.handle not in shown:
            size = f"{record.width}×{record.height}"
            text = f"({record.handle}, {record.source}, {size}: left out here to save room)"
            content.append({"type": "text", "text": text})
        else:
            if inline_from is not None:
                content.append({"type": "text", "text": f"{record.handle}:"})
            content.append(_inlined(record, inline_from) if inline_from else block)
    return message.model_copy(update={"content": content})


def _inlined(record: ImageRecord, store: ImageStore) -> dict[str, Any]:
    image = store.get(record.sha256)
    data = base64.b64encode(image.data).decode("ascii")
    return {"type": "image", "base64": data, "mime_type": image.mime, "id": record.handle}
