"""One question about each of several images, at the same time."""

from __future__ import annotations

import asyncio
import contextvars
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from deixis.agents._answer import Answer
from deixis.vision import DeixisError, ImageSource


@dataclass(frozen=True, kw_only=True)
class Each:
    """What a question about one of several images came to.

    Attributes:
        image: As it was given.
        answer: With its own thread, to ask on in; None where it failed.
        error: What went wrong, where it failed.
    """

    image: ImageSource
    answer: Answer | None = None
    error: DeixisError | None = None


class _Asked(Protocol):
    ask: Callable[..., Answer]
    aask: Callable[..., Any]


class EachMixin:
    """Asks the same of several images, side by side."""

    def ask_each(
        self: _Asked,
        question: str,
        images: Sequence[ImageSource],
        *,
        at_once: int = 4,
        thread: str | None = None,
        user: str | None = None,
        returns: type[BaseModel] | None = None,
    ) -> list[Each]:
        """The answers to one question about each image, in their order.

        Each image has a conversation of its own, `<thread>/1`, `<thread>/2`, …; one that fails
        leaves the others alone. Where one fails for another reason than bad input, no further
        one begins.

        Args:
            question: Asked of each.
            images: Each is one source: a PDF is asked about with all its pages.
            at_once: How many are asked at the same time.
            thread: The conversations' name.
            user: Whose they are.
            returns: The shape of the answers.
        """
        name = thread or uuid.uuid4().hex[:12]

        def one(number: int, image: ImageSource) -> Each:
            kept = f"{name}/{number}"
            try:
                answer = self.ask(question, image, thread=kept, user=user, returns=returns)
            except DeixisError as error:
                return Each(image=image, error=error)
            return Each(image=image, answer=answer)

        pool = ThreadPoolExecutor(max_workers=max(1, at_once), thread_name_prefix="deixis-each")
        try:
            asked = [
                # Tracing and the like find their context in each thread.
                pool.submit(contextvars.copy_context().run, one, number, image)
                for number, image in enumerate(images, start=1)
            ]
            return [future.result() for future in asked]
        finally:
            pool.shutdown(cancel_futures=True)

    async def aask_each(
        self: _Asked,
        question: str,
        images: Sequence[ImageSource],
        *,
        at_once: int = 4,
        thread: str | None = None,
        user: str | None = None,
        returns: type[BaseModel] | None = None,
    ) -> list[Each]:
        """The same, asynchronously; cancelling it cancels all of them."""
        name = thread or uuid.uuid4().hex[:12]
        room = asyncio.Semaphore(max(1, at_once))

        async def one(number: int, image: ImageSource) -> Each:
            kept = f"{name}/{number}"
            async with room:
                try:
                    answer = await self.aask(
                        question, image, thread=kept, user=user, returns=returns
                    )
                except DeixisError as error:
                    return Each(image=image, error=error)
            return Each(image=image, answer=answer)

        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(one(number, image))
                for number, image in enumerate(images, start=1)
            ]
        return [task.result() for task in tasks]
