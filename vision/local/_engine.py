"""Generation with a local model, going on from what it has already seen of a conversation.

One generation runs at a time, each in a thread of its own that never waits for its reader.
"""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Literal, Self

import torch

from deixis.vision._errors import ModelError
from deixis.vision.local._decoder import Decoder
from deixis.vision.local._kv import KeyValues
from deixis.vision.local._prefix import Conversation, Mark, Match, PrefixStore
from deixis.vision.local._prompt import Prompt, PromptImage, Sampling, Usage
from deixis.vision.local._sampling import Sampler
from deixis.vision.local._stream import TextStream
from deixis.vision.local._tokens import Tokeniser, Tokens
from deixis.vision.qwen._families import FamilyFacts

__all__ = ["Engine", "FinishReason", "Generation", "Prompt", "PromptImage", "Sampling", "Usage"]

FinishReason = Literal["stop", "length", "cancelled"]
Watch = Callable[[Sequence[int], torch.Tensor], None]

_LOCK_SECONDS = 0.05  # how often one that waits for its turn looks whether it is still wanted
_OUT_OF_MEMORY = (
    "out of memory: show fewer or smaller images, begin a new conversation, or load a smaller or"
    " quantised model"
)


class _CancelledError(Exception):
    """The reply is wanted no longer."""


class _Run:
    """What a generation and its thread share. The thread never waits for the consumer."""

    def __init__(self, prompt: Prompt, sampling: Sampling) -> None:
        self.prompt = prompt
        self.sampling = sampling
        self.pieces: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()
        self.usage = Usage()
        self.finish_reason: FinishReason | None = None
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        # At the end of the program nobody reads on, and the interpreter waits for this thread.
        return self._cancelled.is_set() or not threading.main_thread().is_alive()

    def check(self, *_: object) -> None:
        if self.cancelled:
            raise _CancelledError

    def put(self, piece: str) -> None:
        if piece:
            self.pieces.put(piece)

    def end(self, reason: FinishReason | None, failure: BaseException | None = None) -> None:
        self.finish_reason = reason
        self.pieces.put(failure)


class Generation(Iterator[str]):
    """A reply as it is generated: an iterator of pieces of text.

    Tokens that end a turn are left out; special tokens that mean something (`<|box_start|>`) stay.
    Dropping it, closing it or leaving its `with` block cancels the rest.
    """

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._ended = False
        weakref.finalize(self, run.cancel)

    @property
    def usage(self) -> Usage:
        """Tokens so far; all of them once the iteration has ended."""
        return self._run.usage

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why it ended: the model was done, the limit was reached, or it was cancelled.

        None while it runs, and where it failed.
        """
        return self._run.finish_reason

    def __next__(self) -> str:
        if self._ended:
            raise StopIteration
        try:
            piece = self._run.pieces.get()
        except BaseException:  # KeyboardInterrupt, most likely
            self.close()
            raise
        if isinstance(piece, str):
            return piece
        self._ended = True
        if piece is None:
            raise StopIteration
        raise piece

    def cancel(self) -> None:
        """Ends it within a token, or a layer of the prompt. What it gave can still be read."""
        self._run.cancel()

    def close(self) -> None:
        """Cancels it and ends the iteration."""
        self._ended = True
        self._run.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Engine:
    """Generates with a model, and computes of each prompt only what it hasn't seen yet.

    Many threads may call it; they take turns. A conversation goes on where it left off, whatever
    was generated in between, as long as the memory bound lets its keys and values be held.

    Args:
        model: One of transformers' Qwen-VL models, `...ForConditionalGeneration`.
        processor: Its checkpoint's processor, of which the tokenizer and the image processor are
            used.
        facts: What the family needs.
        cache_bytes: Most memory for the keys and values of conversations that aren't running.
        watch: Called with the token ids so far and the logits of the next one, of shape
            [vocabulary], before it is chosen.
    """

    def __init__(
        self,
        model: Any,
        processor: Any,
        facts: FamilyFacts,
        *,
        cache_bytes: int = 2 * 2**30,
        watch: Watch | None = None,
    ) -> None:
        tokeniser = Tokeniser(processor.tokenizer, facts)
        self._tokeniser = tokeniser
        self._decoder = Decoder(model, processor.image_processor, turn=tokeniser.turn)
        self._store = PrefixStore(cache_bytes)
        self._watch = watch
        self._lock = threading.Lock()
        self._fresh = partial(KeyValues.empty, model)
        self._config = model.generation_config
        self._ends = _end_tokens(model, processor.tokenizer)
        # Placeholders that a model writes would stand for images in the next turn's prompt.
        self._banned = [tokeniser.pad, tokeniser.id_of("<|video_pad|>")]
        self._longest = int(model.config.get_text_config().max_position_embeddings)

    def generate(self, prompt: Prompt, sampling: Sampling | None = None) -> Generation:
        """Starts the model's next turn. Its errors are raised by the iteration.

        Raises:
            ModelError: There is too little memory, the prompt is longer than the model can take,
                or its images don't fit its text.
        """
        run = _Run(prompt, sampling or Sampling())
        # No daemon: a thread that is within torch when the interpreter ends takes it down.
        threading.Thread(target=self._work, args=(run,), name="deixis-generation").start()
        return Generation(run)

    def forget(self) -> None:
        """Drops all that is held of earlier conversations. Doesn't wait for one that runs."""
        self._store.clear()

    @property
    def held_bytes(self) -> int:
        """Memory of the keys and values that are held."""
        return self._store.used

    def _work(self, run: _Run) -> None:
        while not self._lock.acquire(timeout=_LOCK_SECONDS):
            if run.cancelled:
                run.end("cancelled")
                return
        reason: FinishReason | None = None
        failure: BaseException | None = None
        memory = False
        try:
            with torch.inference_mode():
                reason = self._generate(run)
        except _CancelledError:
            reason = "cancelled"
        except BaseException as error:
            memory = _is_out_of_memory(error)
            failure = None if memory else error
        finally:
            self._lock.release()
        if memory:
            # A new error: the one raised holds on to the tensors that took the memory.
            failure = ModelError(_OUT_OF_MEMORY)
            self.forget()
            if torch.cuda.is_initialized():
                torch.cuda.empty_cache()
        run.end(reason, failure)

    def _generate(self, run: _Run) -> FinishReason:
        run.check()
        epoch = self._store.epoch
        match = self._store.match(run.prompt, self._tokeniser)
        tokens, room = match.tokens, self._longest - len(match.tokens)
        if room <= 0:
            raise ModelError(
                f"the conversation has {len(tokens)} tokens and the model takes {self._longest}:"
                " leave out early turns or images"
            )
        kv = self._store.take(match) or self._fresh()
        start = kv.length
        run.usage = Usage(prompt_tokens=len(tokens), cached_tokens=start)
        try:
            logits = self._decoder.read(kv, tokens, run.prompt.images, run.check)
        except _CancelledError:
            self._put_back(match.source, kv, start, epoch)
            raise
        reply = _Reply(match, kv, TextStream(self._tokeniser.decode, run.sampling.stop))
        reason = self._reply(run, reply, logits, min(run.sampling.max_new_tokens, room))
        run.put(reply.stream.close(cut=reason != "stop"))
        self._store.keep(reply.conversation(run.prompt), epoch)
        return reason

    def _put_back(self, source: Conversation | None, kv: KeyValues, start: int, epoch: int) -> None:
        """A conversation that was to go on and was cancelled before it did, as it was."""
        if source is not None and source.kv is kv and kv.divisible:
            kv.roll_back(start)
            self._store.keep(source, epoch)

    def _reply(self, run: _Run, reply: _Reply, logits: torch.Tensor, most: int) -> FinishReason:
        """Generates until there is a reason to end."""
        tokens, device = reply.match.tokens, self._decoder.device
        shift = tokens.shift(len(tokens))
        sampler = Sampler(run.sampling, self._config, banned=self._banned, device=device)
        text = torch.zeros(1, len(tokens) + most, dtype=torch.long, device=device)
        text[0, : len(tokens)] = torch.tensor(tokens.ids)
        while not run.cancelled:
            length = len(tokens) + len(reply.ids)
            if self._watch is not None:
                self._watch([*tokens.ids, *reply.ids], logits)
            token = sampler.choose(text[:, :length], logits[None])
            run.usage = replace(run.usage, completion_tokens=len(reply.ids) + 1)
            if token in self._ends:
                return "stop"
            reply.ids.append(token)
            text[0, length] = token
            run.put(reply.stream.add(token))
            if reply.stream.stopped:
                return "stop"
            if len(reply.ids) >= most:
                return "length"
            logits = self._decoder.step(reply.kv, token, shift)
        return "cancelled"


class _Reply:
    """A reply in the making, and what the model keeps of the conversation with it."""

    def __init__(self, match: Match, kv: KeyValues, stream: TextStream) -> None:
        self.match = match
        self.kv = kv
        self.stream = stream
        self.ids: list[int] = []

    def conversation(self, prompt: Prompt) -> Conversation:
        """The conversation up to here."""
        text, tokens = len(prompt.text), self.match.tokens
        marks = (Mark(text + some, len(tokens) + count) for some, count in self.stream.bounds)
        return Conversation(
            text=prompt.text + self.stream.text,
            tokens=Tokens(ids=tokens.ids + self.ids, spans=tokens.spans),
            marks=(*self.match.marks, *marks),
            turn=self.match.turn,
            kv=self.kv,
        )


def _end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Tokens that end a turn: those its checkpoint names, and those that end or open one in all."""
    told: int | list[int] | None = model.generation_config.eos_token_id
    listed = [told] if isinstance(told, int) else told or []
    added: dict[str, int] = tokenizer.get_added_vocab()
    usual = [
        added[name] for name in ("<|im_end|>", "<|endoftext|>", "<|im_start|>") if name in added
    ]
    return frozenset([*listed, *usual])


def _is_out_of_memory(error: BaseException) -> bool:
    told = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError)
        and any(words in told for words in ("out of memory", "allocate memory", "enough memory"))
    )
