"""The images of each client, by handle, apart from those of every other."""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from deixis.agents.mcp._limits import ServerLimits
from deixis.vision import Box, Detection, ImageBook, ImageRecord, ImageStore, ToolError, VisionImage

_HANDLE: Final = re.compile(r"(?:([A-Za-z0-9_-]{22})\.)?(img_[1-9][0-9]{0,8})")


class Session:
    """One client's images.

    Args:
        limits: How many it may hold.
        key: Put before its handles, where nothing else tells clients apart: who knows a handle
            of this session has been given it.
    """

    def __init__(self, limits: ServerLimits, *, key: str = "") -> None:
        self.key = key
        self._limits = limits
        self._store = ImageStore(limits=limits.image)
        self._book = ImageBook(self._store)
        self._sizes: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def book(self) -> ImageBook:
        """The images by handle."""
        return self._book

    @property
    def bytes(self) -> int:
        """What its images take."""
        return sum(self._sizes.values())

    def shown(self, handle: str) -> str:
        """A handle as the client is told it."""
        return f"{self.key}.{handle}" if self.key else handle

    def add(
        self, image: VisionImage, *, parent: str | None = None, region: Box | None = None
    ) -> ImageRecord:
        """Takes an image in, and lets the oldest go where there are too many."""
        with self._lock:
            record = self._book.add(image, parent=parent, region=region)
            self._sizes[record.sha256] = len(image.data)
            self._trim()
        return record

    def image(self, handle: str) -> tuple[ImageRecord, VisionImage]:
        """An image by the handle that the client says.

        Raises:
            ImageHandleError: There is none.
        """
        plain = handle.rpartition(".")[2]
        book = self._book
        return book[plain], book.image(plain)

    def root(self, record: ImageRecord) -> ImageRecord:
        """The image that one was cut from, at the end; itself, where it is whole."""
        while record.parent is not None:
            record = self._book[record.parent]
        return record

    def original(self, detection: Detection) -> Detection:
        """A detection in the pixels of the uncut image."""
        return self._book.in_original(detection)

    def _trim(self) -> None:
        """The newest images, and those they were cut from. Numbers are never given again."""
        records = self._book.records
        if len(records) <= self._limits.images:
            return
        known = {record.handle: record for record in records}
        kept: set[str] = set()
        for record in records[-self._limits.images * 3 // 4 :]:
            line: ImageRecord | None = record
            while line is not None and line.handle not in kept:
                kept.add(line.handle)
                line = known.get(line.parent or "")
        left = [record for record in records if record.handle in kept]
        for sha256 in {r.sha256 for r in records} - {r.sha256 for r in left}:
            self._store.delete(sha256)
            del self._sizes[sha256]
        self._book = ImageBook(self._store, left)


class Sessions:
    """The sessions of a server.

    Args:
        limits: How many, and how much they may hold.
    """

    def __init__(self, limits: ServerLimits) -> None:
        self._limits = limits
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: str | None, images: Sequence[str] = ()) -> Session:
        """The session of a call.

        Args:
            key: What the transport tells its client by; None where it can't. Then the session
                is that of the handles given, or a new one.
            images: Handles, or anything else that names an image.

        Raises:
            ToolError: The handles are of a session that is gone, or of several.
        """
        with self._lock:
            if key is not None:
                return self._of_transport(f"transport {key}")
            keys = {match[1] for image in images if (match := _HANDLE.fullmatch(image))}
            if not keys:
                return Session(self._limits, key=secrets.token_urlsafe(16))
            found = self._sessions.get(str(keys.pop()))
            if found is None or keys:
                raise ToolError("there is no such image any more: give it anew, by path or URL")
            self._sessions.move_to_end(found.key)
            return found

    def keep(self, session: Session) -> None:
        """Keeps a session whose handles were given away; those that wait longest go for it."""
        with self._lock:
            if session.key and session.book.latest is not None:
                self._sessions[session.key] = session
                self._sessions.move_to_end(session.key)
            while len(self._sessions) > self._limits.sessions:
                self._sessions.popitem(last=False)
            sizes = {name: session.bytes for name, session in self._sessions.items()}
            while len(self._sessions) > 1 and sum(sizes.values()) > self._limits.bytes:
                name, _ = self._sessions.popitem(last=False)
                del sizes[name]

    def _of_transport(self, name: str) -> Session:
        session = self._sessions.get(name)
        if session is None:
            session = self._sessions[name] = Session(self._limits)
        self._sessions.move_to_end(name)
        return session


def is_handle(source: str) -> bool:
    """Whether a text is an image's handle, as sessions give them."""
    return _HANDLE.fullmatch(source) is not None
