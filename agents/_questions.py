"""What a question brings into a conversation: words, pictures, ends of what was cut off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig

from deixis.agents._approval import pending_calls
from deixis.agents._effects import Effects
from deixis.agents._keeping import holding
from deixis.agents._loop import Snapshot
from deixis.agents._parts import Surroundings
from deixis.agents._state import ImageRecords, merge_records, records_of, written
from deixis.vision import (
    DeixisError,
    ImageBook,
    ImageLimits,
    ImageSource,
    VisionImage,
    image_block,
    load_images,
)

Images = ImageSource | Sequence[ImageSource]


class Questions:
    """Takes questions in.

    Args:
        around: Where the agent works.
        limits: On images.
    """

    def __init__(self, around: Surroundings, limits: ImageLimits) -> None:
        self._around = around
        self._limits = limits
        self._effects = Effects(ledger=around.effects, store=around.images)

    def asked(
        self, question: str, images: Images, state: Snapshot, config: RunnableConfig
    ) -> dict[str, Any]:
        """What the graph is given: the question, its pictures, what an earlier step left open.

        Args:
            question: As it was put.
            images: That come with it.
            state: Of the conversation.
            config: Where it is kept.

        Raises:
            ImageError: An image can't be taken in.
            DeixisError: There is no question, or the conversation waits for approval.
        """
        if not question.strip():
            raise DeixisError("there is no question: give one")
        if pending_calls(state):
            raise DeixisError("the thread waits for approval of a tool call: resume it first")
        book = ImageBook(
            self._around.images,
            records_of(state.values),
            holding=holding(self._around.memory, config),
        )
        results, new = self._kept(state, config, book)
        records = [book.add(image) for image in _load(images, self._limits)]
        # What isn't text, such as a stray byte of a command line, can't be kept.
        text = question.encode("utf-8", "replace").decode("utf-8")
        content = [*(image_block(r) for r in records), {"type": "text", "text": text}]
        for record in records:
            new |= written(record)
        return {
            "messages": [*results, HumanMessage(cast("Any", content))],
            "images": merge_records(state.values.get("images"), new),
        }

    def _kept(
        self, state: Snapshot, config: RunnableConfig, book: ImageBook
    ) -> tuple[list[ToolMessage], ImageRecords]:
        """The results of a step that was cut off: finished calls keep theirs, the others get one.

        A new question drops what the step has not committed, and no model takes a conversation
        with calls that nothing answers.
        """
        messages: list[AnyMessage] = state.values.get("messages", [])
        last = max((i for i, m in enumerate(messages) if isinstance(m, AIMessage)), default=-1)
        if last < 0 or not state.tasks:
            return [], {}
        said = cast("AIMessage", messages[last])
        finished = {m.tool_call_id: m for m in messages[last + 1 :] if isinstance(m, ToolMessage)}
        thread_id = config.get("configurable", {})["thread_id"]
        results: list[ToolMessage] = []
        images: ImageRecords = {}
        for call in said.tool_calls:
            message, made = finished.get(str(call["id"])), ImageRecords()
            if message is None:
                message, made = self._effects.lost(call, said=said, thread_id=thread_id, book=book)
            results.append(message)
            images |= made
        return results, images


def _load(images: Images, limits: ImageLimits) -> list[VisionImage]:
    many = isinstance(images, Sequence) and not isinstance(images, str | bytes)
    sources = cast("Sequence[ImageSource]", images) if many else [cast("ImageSource", images)]
    return [image for source in sources for image in load_images(source, limits=limits)]
