"""Pictures that come in the messages of others: from base64 and links to handles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from langchain_core.messages import AnyMessage, BaseMessage

from deixis.vision import DeixisError, ImageBook, image_block
from deixis.vision._model import IMAGE_REFERENCE, image_of_block


def taken_in(messages: Sequence[AnyMessage], book: ImageBook) -> list[AnyMessage]:
    """The messages with a handle for each picture, which is added to the book.

    A picture that can't be read leaves a word on why; blocks that are no pictures stay.

    Args:
        messages: LangChain's, with image blocks of any of its forms.
        book: Of the conversation; gets the pictures.
    """
    return [_taken_in(message, book) for message in messages]


def _taken_in(message: AnyMessage, book: ImageBook) -> AnyMessage:
    content: Any = cast("BaseMessage", message).content
    if isinstance(content, str):
        return message
    blocks = [_block(block, book) for block in cast("list[Any]", content)]
    return message.model_copy(update={"content": blocks})


def _block(block: Any, book: ImageBook) -> Any:
    if not isinstance(block, dict):
        return block
    given = cast("dict[str, Any]", block)
    if given.get("type") == IMAGE_REFERENCE:
        return given
    try:
        image = image_of_block(given)
        return given if image is None else image_block(book.add(image))
    except DeixisError as error:
        return {"type": "text", "text": f"(A picture that can't be shown: {error})"}
