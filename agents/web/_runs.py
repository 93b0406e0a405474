"""The questions that are being answered: apart from the connections that asked them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Sequence
from contextlib import aclosing, contextmanager
from typing import Any, Final, cast

from starlette.concurrency import run_in_threadpool

from deixis.agents._agent import VisionAgent
from deixis.agents._answer import AgentEvent, Answer, Decision, Finished, ToolFinished
from deixis.agents.web._errors import (
    BUSY,
    INTERRUPTED,
    LOST,
    NO_THREAD,
    NO_TURN,
    UNDECIDED,
    WebError,
    note,
)
from deixis.agents.web._history import History
from deixis.agents.web._limits import WebLimits
from deixis.agents.web._live import EndedBy, LiveTurn
from deixis.agents.web._queue import FairQueue, Job
from deixis.agents.web._turns import (
    UNFINISHED,
    Kept,
    Turn,
    shown_answer,
    shown_calls,
    shown_picture,
)
from deixis.vision import DeixisError, ImageBook, ImageRecord, VisionImage

_PICTURES_GONE: Final = "The server was restarted and its pictures are gone: send them again."
_ENDING_SECONDS: Final = 20
_MOST_CALLS: Final = 8
_Key = tuple[str, str]
_Events = AsyncGenerator[AgentEvent]


class Runs:
    """Runs an agent for many people; who closes the page misses nothing.

    Lives in one event loop.

    Args:
        agent: Answers.
        history: Where turns are written down.
        limits: On the line and on time.
    """

    def __init__(self, agent: VisionAgent, history: History, limits: WebLimits) -> None:
        self._agent = agent
        self._history = history
        self._limits = limits
        self._queue = FairQueue(at_once=limits.at_once)
        # Decoding a photo takes a processor and much memory.
        self._decoding = asyncio.Semaphore(max(2, limits.at_once))
        self._live: dict[_Key, LiveTurn] = {}
        # Questions whose pictures are being taken in; False once they are to be forgotten.
        self._coming: dict[_Key, bool] = {}

    async def recover(self) -> None:
        """Takes up what a server before this one left: the line stands again as it was."""
        for user, thread, kept in await run_in_threadpool(self._history.unfinished, "running"):
            turn = kept.turn.model_copy(update={"state": "interrupted", "error": INTERRUPTED})
            changed = kept.model_copy(update={"turn": turn})
            await run_in_threadpool(self._history.save, user, thread, changed)
        for user, thread, kept in await run_in_threadpool(self._history.unfinished, "queued"):
            live = await run_in_threadpool(self._restored, user, thread, kept)
            if live is None:
                turn = kept.turn.model_copy(update={"state": "failed", "error": _PICTURES_GONE})
                changed = kept.model_copy(update={"turn": turn})
                await run_in_threadpool(self._history.save, user, thread, changed)
                continue
            self._live[user, thread] = live
            self._enqueue(live, self._asked)

    async def tidy(self) -> None:
        """Forgets people who haven't come for long."""
        days = self._limits.visit_days
        for user in await run_in_threadpool(lambda: self._history.gone(days=days)):
            await self.forget(user)

    async def close(self) -> None:
        """Stops what runs: it is told to be interrupted; what waits goes on with the next start."""
        await self._queue.close()
        for live in self._live.values():
            live.log.close()
        self._live.clear()

    def live(self, user: str, thread: str) -> LiveTurn | None:
        """The turn of a conversation that is not over, where there is one."""
        return self._live.get((user, thread))

    def check_room(self, user: str) -> None:
        """Refuses a question that the line has no room for.

        Raises:
            WebError: 429 the person has asked too much, or 503 everyone has.
        """
        coming = sum(1 for whose, _ in self._coming if whose == user)
        if self._queue.of(user) + coming >= self._limits.waiting_each:
            told = f"You have {self._limits.waiting_each} questions waiting: let one be answered."
            raise WebError(429, told, code="yours", retry=10)
        if self._queue.waiting + len(self._coming) >= self._limits.waiting:
            told = "Too many people are asking: try again in a minute."
            raise WebError(503, told, code="crowded", retry=60)

    async def check_free(self, user: str, thread: str) -> None:
        """Refuses a question in a conversation that isn't the user's, or isn't ready for it.

        Raises:
            WebError: 404 there is none, or 409 it is busy.
        """
        await self._check_theirs(user, thread)
        live = self._live.get((user, thread))
        if (user, thread) in self._coming or (live and live.turn.state != "waiting"):
            raise WebError(409, BUSY, code="busy")
        last = await run_in_threadpool(self._history.last, user, thread)
        if last is not None and last.turn.state == "waiting":
            raise WebError(409, UNDECIDED, code="undecided")

    async def ask(
        self,
        user: str,
        thread: str | None,
        question: str,
        images: Callable[[], Sequence[VisionImage]],
        *,
        again: int | None = None,
    ) -> tuple[str, int]:
        """Puts a question in the line.

        Args:
            user: Who asks.
            thread: Their conversation, or None for a new one.
            question: Their words.
            images: Takes in what they sent; runs in a thread.
            again: The number of a turn whose pictures come with this question, too.

        Returns:
            The conversation and the turn's number.

        Raises:
            WebError: There is no room, or the conversation isn't ready.
            ImageError: A picture can't be taken in.
        """
        self.check_room(user)
        if thread is not None:
            await self.check_free(user, thread)
        name = thread or secrets.token_hex(8)
        with self._taking_in(user, name):
            old = await self._records(user, name, again)
            async with self._decoding:
                kept = await run_in_threadpool(self._kept_images, user, name, images, old)
            book, records = kept
            asked = Turn(turn=0, question=question, images=tuple(map(shown_picture, records)))
            if not self._coming[user, name]:
                await self._forgotten(user, name)
                raise WebError(404, NO_THREAD, code="gone")
            turn = await run_in_threadpool(
                self._history.begin, user, name, question, records, asked
            )
            if not self._coming[user, name]:
                await self._forgotten(user, name)
                raise WebError(404, NO_THREAD, code="gone")
            live = LiveTurn(user=user, thread=name, turn=turn, book=book, records=records)
            self._live[user, name] = live
        self._enqueue(live, self._asked)
        return name, turn.turn

    async def decide(
        self, user: str, thread: str, decisions: Sequence[bool], calls: Sequence[str] = ()
    ) -> int:
        """Goes on with a turn that waits for a person's word.

        Args:
            user: Whose conversation it is.
            thread: The conversation.
            decisions: One for each call.
            calls: Ids of the calls that the person was shown, where they are known.

        Returns:
            The turn's number.

        Raises:
            WebError: 404 there is no such conversation, 409 nothing waits, or other calls than
                those, or 400 the decisions are not as many as the calls.
        """
        live = await self._waiting(user, thread)
        waiting = [call.id for call in live.turn.pending]
        if calls and list(calls) != waiting:
            raise WebError(409, "Other calls wait by now: look at them first.")
        if len(decisions) != len(waiting):
            raise WebError(
                400, f"There are {len(waiting)} calls to decide on, not {len(decisions)}."
            )
        given = [
            Decision(allow=allow, call=id_) for allow, id_ in zip(decisions, waiting, strict=True)
        ]

        async def resumed(turn: LiveTurn) -> None:
            await self._run(turn, self._agent.aresume_stream(thread, given, user=user), asked=False)

        self._enqueue(live, resumed, first=True)
        return live.turn.turn

    async def stop(self, user: str, thread: str, turn: int) -> None:
        """Stops a turn; one that is over stays as it is.

        Raises:
            WebError: 404 there is no such turn.
        """
        if await run_in_threadpool(self._history.turn, user, thread, turn) is None:
            raise WebError(404, NO_TURN)
        live = self._live.get((user, thread))
        if live is None:
            last = await run_in_threadpool(self._history.last, user, thread)
            if last is None or last.turn.turn != turn or last.turn.state != "waiting":
                return
            live = await self._waiting(user, thread)
        if live.turn.turn == turn:
            await self._end(live, "stopped")

    async def forget(self, user: str, thread: str | None = None) -> None:
        """Forgets a conversation, or all of a user's: words, pictures and memories.

        Raises:
            WebError: 404 there is no such conversation.
        """
        if (
            thread is not None
            and await run_in_threadpool(self._history.thread, user, thread) is None
        ):
            raise WebError(404, NO_THREAD, code="gone")
        for key in [key for key in self._coming if key[0] == user and thread in (None, key[1])]:
            self._coming[key] = False
        for key in [key for key in self._live if key[0] == user and thread in (None, key[1])]:
            await self._end(self._live[key], "stopped")
        await self._forgotten(user, thread)

    def picture(self, user: str, thread: str, handle: str) -> VisionImage | None:
        """A picture of a user's conversation; None where there is none. Blocks on the disk."""
        live = self._live.get((user, thread))
        if live is None and self._history.thread(user, thread) is None:
            return None
        books = [self._agent.images(thread, user=user)]
        if live is not None:
            books.insert(0, live.book)
        try:
            for book in books:
                if any(record.handle == handle for record in book.records):
                    return book.image(handle)
            return self._lost_picture(user, thread, handle, books[-1])
        except DeixisError:
            return None

    def _lost_picture(
        self, user: str, thread: str, handle: str, book: ImageBook
    ) -> VisionImage | None:
        """A picture of a question that never reached the agent."""
        for kept in self._history.turns(user, thread):
            for record in kept.records:
                if record.handle == handle and (found := book.adopt(record)) is not None:
                    return book.image(found.handle)
        return None

    async def _check_theirs(self, user: str, thread: str) -> None:
        if await run_in_threadpool(self._history.thread, user, thread) is None:
            raise WebError(404, NO_THREAD, code="gone")

    @contextmanager
    def _taking_in(self, user: str, thread: str) -> Generator[None]:
        if (user, thread) in self._coming or (user, thread) in self._live:
            raise WebError(409, BUSY, code="busy")
        self.check_room(user)
        self._coming[user, thread] = True
        try:
            yield
        finally:
            del self._coming[user, thread]

    async def _records(self, user: str, thread: str, again: int | None) -> tuple[ImageRecord, ...]:
        if again is None:
            return ()
        kept = await run_in_threadpool(self._history.turn, user, thread, again)
        if kept is None:
            raise WebError(404, NO_TURN)
        return kept.records

    def _kept_images(
        self,
        user: str,
        thread: str,
        images: Callable[[], Sequence[VisionImage]],
        old: Sequence[ImageRecord],
    ) -> tuple[ImageBook, list[ImageRecord]]:
        """The pictures in the agent's store, under the handles that the agent will give them.

        What is handed to the agent later is the same bytes in the same order, and nothing else
        comes into the conversation before.
        """
        book = self._agent.images(thread, user=user)
        records: list[ImageRecord] = []
        for record in old:
            found = book.adopt(record)
            if found is None:
                raise WebError(400, "The pictures of that question are gone: send them again.")
            records.append(found)
        for image in images():
            if (memory := self._agent.memory) is not None:
                memory.hold_images([image.sha256], user=user, thread=thread)
            records.append(book.add(image))
        return book, list({record.handle: record for record in records}.values())

    def _restored(self, user: str, thread: str, kept: Kept) -> LiveTurn | None:
        """A turn out of the history; None where its pictures are gone."""
        book = self._agent.images(thread, user=user)
        found = [book.adopt(record) for record in kept.records]
        records = [record for record in found if record is not None]
        if len(records) < len(found):
            return None
        turn = kept.turn.model_copy(update={"images": tuple(map(shown_picture, records))})
        return LiveTurn(user=user, thread=thread, turn=turn, book=book, records=records)

    async def _waiting(self, user: str, thread: str) -> LiveTurn:
        """The turn of a conversation that waits for a person, also one from before a restart."""
        await self._check_theirs(user, thread)
        live = self._live.get((user, thread))
        if live is None:
            kept = await run_in_threadpool(self._history.last, user, thread)
            if kept is not None and kept.turn.state == "waiting":
                book = await run_in_threadpool(self._agent.images, thread, user=user)
                found = LiveTurn(
                    user=user, thread=thread, turn=kept.turn, book=book, records=kept.records
                )
                live = self._live.setdefault((user, thread), found)
        if live is None or live.turn.state != "waiting":
            raise WebError(409, "Nothing waits for a decision in this conversation.")
        return live

    def _enqueue(
        self,
        live: LiveTurn,
        work: Callable[[LiveTurn], Coroutine[Any, Any, None]],
        *,
        first: bool = False,
    ) -> None:
        live.entered()
        live.job = Job(user=live.user, work=lambda: work(live), told=live.queued)
        self._queue.put(live.job, first=first)

    async def _asked(self, live: LiveTurn) -> None:
        await self._run(live, self._question(live), asked=True)

    async def _question(self, live: LiveTurn) -> AsyncGenerator[AgentEvent]:
        user, thread, number = live.user, live.thread, live.turn.turn
        before = await run_in_threadpool(self._history.turn, user, thread, number - 1)
        if before is not None and before.turn.state != "done":
            # It may have been cut off while it asked a person: the agent would wait for ever.
            for calls in range(1, _MOST_CALLS + 1):
                if await self._declined(user, thread, calls):
                    break
        images = await run_in_threadpool(
            lambda: [live.book.image(record.handle) for record in live.records]
        )
        stream = self._agent.astream(live.turn.question, images, thread=thread, user=user)
        async with aclosing(cast("_Events", stream)) as events:
            async for event in events:
                yield event

    async def _run(self, live: LiveTurn, stream: AsyncIterator[AgentEvent], *, asked: bool) -> None:
        """A run from its beginning to an answer, a question to a person, or its failure."""
        try:
            live.started()
            if asked:
                await self._save(live)
            async with asyncio.timeout(self._limits.turn_seconds):
                await self._followed(live, stream, saved=asked)
        except asyncio.CancelledError:
            live.ended()
        except TimeoutError:
            seconds = self._limits.turn_seconds
            live.failed(f"That took over {seconds:g} seconds and was stopped: ask for less.")
        except DeixisError as error:
            live.failed(_told(error))
        except Exception as error:
            note(error, "while answering")
            live.failed(LOST)
        await self._settled(live)

    async def _followed(
        self, live: LiveTurn, stream: AsyncIterator[AgentEvent], *, saved: bool
    ) -> None:
        async with aclosing(cast("_Events", stream)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    await run_in_threadpool(self._finished, live, event.answer)
                    return
                live.take(event)
                # Until the loop has taken the decision in, a kill leaves the question to a person.
                if not saved:
                    await self._save(live)
                    saved = True

    def _finished(self, live: LiveTurn, answer: Answer) -> None:
        live.book = self._agent.images(live.thread, user=live.user)
        if answer.pending:
            live.waiting(shown_calls(answer.pending, live.book))
        else:
            live.done(shown_answer(answer, live.book))

    async def _settled(self, live: LiveTurn) -> None:
        """Writes down what a turn came to, then tells of it."""
        try:
            await self._save(live)
        except DeixisError as error:
            note(error, "while answering")
        if live.turn.state not in UNFINISHED:
            self._live.pop((live.user, live.thread), None)
        live.tell_state()

    async def _save(self, live: LiveTurn) -> None:
        await run_in_threadpool(self._history.save, live.user, live.thread, live.kept)

    async def _end(self, live: LiveTurn, why: EndedBy) -> None:
        """Ends a turn wherever it is."""
        live.ended_by = why
        job = live.job
        if live.turn.state == "waiting":
            calls = len(live.turn.pending)
            # Nobody decides on them any more.
            live.entered()
            await self._declined(live.user, live.thread, calls)
        elif job is not None and not self._queue.drop(job) and job.task is not None:
            job.task.cancel()
            await asyncio.wait([job.task], timeout=_ENDING_SECONDS)
        if live.turn.state in UNFINISHED:
            live.ended()
            await self._settled(live)

    async def _declined(self, user: str, thread: str, calls: int) -> bool:
        """Tells the agent that none of the calls it waits with may be made, and to say no more.

        Returns:
            False where it doesn't wait, or not with so many.
        """
        left = calls
        stream = self._agent.aresume_stream(thread, [False] * calls, user=user)
        try:
            async with (
                asyncio.timeout(_ENDING_SECONDS),
                aclosing(cast("_Events", stream)) as events,
            ):
                async for event in events:
                    left -= isinstance(event, ToolFinished)
                    if left <= 0:
                        return True
        except (DeixisError, TimeoutError):
            return False
        return True

    async def _forgotten(self, user: str, thread: str | None) -> None:
        def forget() -> None:
            try:
                self._agent.forget(user=user, thread=thread)
            except DeixisError as error:
                # It is forgotten, but traces stay in a file until it is next forgotten from.
                note(error, "while answering")
            alone = self._history.forget(user, thread)
            if self._agent.memory is None:
                # Nobody else knows who refers to a picture.
                store = self._agent._images  # pyright: ignore[reportPrivateUsage]
                for sha256 in alone:
                    store.delete(sha256)

        await run_in_threadpool(forget)


def _told(error: DeixisError) -> str:
    """What a person is told of it: all that isn't about the server's own files."""
    if type(error) is DeixisError:
        note(error, "while answering")
        return LOST
    return " ".join(str(error).split())
