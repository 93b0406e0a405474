"""What one question may still cost, for all agents at work on it, and how it is stopped."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from langchain_core.runnables import RunnableConfig
from langgraph.runtime import RunControl

RUN_ID: Final = "deixis_run"


class Run:
    """One question's budget: LangGraph hands it, as its context, to every graph within.

    Args:
        steps: Calls of models in all; None for no limit.
        seconds: After which no call of a model or a tool begins; None for no limit.
    """

    def __init__(self, *, steps: int | None = None, seconds: float | None = None) -> None:
        self.id = uuid.uuid4().hex
        self.control = RunControl()
        self._steps = steps
        self._taken = 0
        self._seconds = seconds
        self._until = None if seconds is None else time.monotonic() + seconds
        self._lock = threading.Lock()

    def marked(self, config: RunnableConfig) -> RunnableConfig:
        """The config of its graph: what streams from there bears its id.

        An agent that a tool asks by itself is a run of its own, whose words LangChain's callbacks
        bring into the stream of the agent that called the tool as well.
        """
        return {**config, "metadata": {**config.get("metadata", {}), RUN_ID: self.id}}

    @property
    def stopped(self) -> bool:
        """Whether somebody stopped it."""
        return self.control.drain_requested

    def stop(self) -> None:
        """No further step begins, of any agent. Safe from any thread."""
        self.control.request_drain("stopped")

    @contextmanager
    def stopped_when_left(self) -> Generator[None]:
        """Stops it where who reads its stream goes away: before LangGraph waits for its end."""
        try:
            yield
        except BaseException:
            self.stop()
            raise

    def over(self) -> str | None:
        """Why nothing more may begin, in words; None while it may."""
        if self._until is not None and time.monotonic() >= self._until:
            return f"the time is up: {self._seconds:g} seconds (AgentLimits.seconds)"
        return None

    def take_step(self) -> str | None:
        """Takes a call of a model; why there is none left, in words, or None."""
        if why := self.over():
            return why
        with self._lock:
            if self._steps is not None and self._taken >= self._steps:
                return (
                    f"all agents together have taken {self._steps} steps (AgentLimits.total_steps)"
                )
            self._taken += 1
        return None


class Runs:
    """The questions that an agent is at work on, by conversation, so that they can be stopped."""

    def __init__(self) -> None:
        self._going: dict[str, list[Run]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def going(self, thread_id: str, run: Run) -> Generator[None]:
        """Holds a run while it goes on."""
        with self._lock:
            self._going.setdefault(thread_id, []).append(run)
        try:
            yield
        finally:
            with self._lock:
                left = [one for one in self._going[thread_id] if one is not run]
                if left:
                    self._going[thread_id] = left
                else:
                    del self._going[thread_id]

    def stop(self, thread_id: str) -> bool:
        """Stops what goes on in a conversation; tells whether there was anything."""
        with self._lock:
            going = list(self._going.get(thread_id, ()))
        for run in going:
            run.stop()
        return bool(going)


def run_of(context: object) -> Run | None:
    """The run that a graph's context is; None in a graph that isn't ours."""
    return context if isinstance(context, Run) else None
