"""What the page is told when something can't be done: a status and one readable line."""

from __future__ import annotations

import logging
import traceback
from typing import Final, Literal

from deixis.vision import DeixisError

LOST: Final = "Something went wrong on the server. Ask again; if it goes on, tell who runs it."
_log = logging.getLogger(__name__)

INTERRUPTED: Final = "The server was stopped before there was an answer: ask again."
NO_THREAD: Final = "There is no such conversation: it was forgotten, or the address is wrong."
NO_TURN: Final = "There is no such question in this conversation."
NO_PICTURE: Final = "There is no such picture."
SIGN_IN: Final = "You are not signed in: load the page again."
BUSY: Final = "This conversation is still at your last question: wait for its answer, or stop it."
UNDECIDED: Final = "This conversation waits for your decision: allow what it asks, or don't."


Code = Literal[
    "picture", "empty", "pictures", "large", "slow", "long", "question", "yours", "crowded", "busy",
    "undecided", "gone", "streams",
]  # fmt: skip


class WebError(DeixisError):
    """A request that can't be met.

    Args:
        status: Of HTTP.
        told: What is wrong and how to mend it, in one line for the page to show.
        code: Which of the failures it is that the page says in its own languages.
        about: The file that it is about.
        retry: Seconds after which it may go through.
    """

    def __init__(
        self,
        status: int,
        told: str,
        *,
        code: Code | None = None,
        about: str = "",
        retry: int | None = None,
    ) -> None:
        super().__init__(told)
        self.status = status
        self.code: Code | None = code
        self.about = about
        self.retry = retry


def note(error: Exception, when: str) -> None:
    """Writes to the log where an error came from, without its words: they may be a person's.

    Args:
        error: What was raised.
        when: What was being done.
    """
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("%s %s\n%s", type(error).__name__, when, where)
