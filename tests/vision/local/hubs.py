"""Model hubs on loopback, as far as downloading a repository goes: Hugging Face and ModelScope."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "Org/Tiny-VL"


@dataclass(kw_only=True)
class Hub:
    """What a hub serves, and what it was asked.

    Attributes:
        folder: Whose files are the repository's.
        refuse: A status that answers everything, with the code Hugging Face names it by.
        cut: A file that is sent as if it were shorter by half.
        asked: Paths asked for, in order.
        headers: What came with them.
        address: Where it listens.
    """

    folder: Path
    refuse: tuple[int, str] | None = None
    cut: str = ""
    asked: list[str] = field(default_factory=list[str])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    address: str = ""

    def files(self) -> dict[str, bytes]:
        """The repository's files as they are sent."""
        found = {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}
        if self.cut:
            found[self.cut] = found[self.cut][: len(found[self.cut]) // 2]
        return found

    def fetched(self, name: str) -> bool:
        """Whether a file's content was asked for."""
        return any(name in path for path in self.asked)


@contextmanager
def hugging_face(hub: Hub) -> Generator[Hub]:
    """A hub that speaks as huggingface.co does."""

    class Handler(_Handler):
        def answer(self) -> None:
            path = unquote(urlsplit(self.path).path)
            if hub.refuse:
                status, code = hub.refuse
                told: dict[str, Any] = {"X-Error-Code": code} if code else {}
                self.send(b"{}", status, **told)
            elif path.startswith(f"/api/models/{REPOSITORY}/tree/"):
                self.send_json([_entry(name, data) for name, data in hub.files().items()])
            elif path.startswith(f"/api/models/{REPOSITORY}"):
                names = [{"rfilename": name} for name in hub.files()]
                self.send_json({"id": REPOSITORY, "sha": COMMIT, "siblings": names})
            elif path.startswith(f"/{REPOSITORY}/resolve/"):
                data = hub.files().get(path.rpartition("/")[2])
                if data is None:
                    self.send(b"", 404, **{"X-Error-Code": "EntryNotFound"})
                else:
                    tag = {"ETag": f'"{_sha1(data)}"', "X-Repo-Commit": COMMIT}
                    self.send(data, 200, **tag)
            else:
                self.send(b"", 404, **{"X-Error-Code": "RepoNotFound"})

    with _serving(Handler, hub) as served:
        yield served


@contextmanager
def modelscope(hub: Hub) -> Generator[Hub]:
    """A hub that speaks as modelscope.cn does."""

    class Handler(_Handler):
        def answer(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            place = f"/api/v1/models/{REPOSITORY}"
            if hub.refuse:
                self.send_json({"Code": hub.refuse[0], "Message": "no"}, hub.refuse[0])
            elif parts.path == f"{place}/repo/files":
                files = [
                    {
                        "Name": name,
                        "Path": name,
                        "Type": "blob",
                        "Size": len(data),
                        "Sha256": hashlib.sha256(data).hexdigest(),
                        "Revision": COMMIT,
                    }
                    for name, data in hub.files().items()
                ]
                self.send_json({"Code": 200, "Success": True, "Data": {"Files": files}})
            elif parts.path == f"{place}/revisions":
                told = {"RevisionMap": {"Branches": [{"Revision": "master"}], "Tags": []}}
                self.send_json({"Code": 200, "Success": True, "Data": told})
            elif parts.path == f"{place}/repo":
                self.send(hub.files()[query["FilePath"][0]])
            elif parts.path == place:
                self.send_json({"Code": 200, "Success": True, "Data": {"Id": 1}})
            else:
                self.send_json({"Code": 404, "Message": "not found"}, 404)

    with _serving(Handler, hub) as served:
        yield served


class _Server(http.server.ThreadingHTTPServer):
    hub: Hub


class _Handler(http.server.BaseHTTPRequestHandler):
    def answer(self) -> None:
        raise NotImplementedError

    def do_GET(self) -> None:
        self._asked()

    def do_HEAD(self) -> None:
        self._asked()

    def _asked(self) -> None:
        hub = cast("_Server", self.server).hub
        hub.asked.append(f"{self.command} {self.path}")
        hub.headers.append(dict(self.headers.items()))
        self.answer()

    def send_json(self, value: object, status: int = 200) -> None:
        self.send(json.dumps(value).encode(), status, **{"Content-Type": "application/json"})

    def send(self, body: bytes, status: int = 200, **headers: Any) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def _serving(handler: Callable[..., _Handler], hub: Hub) -> Generator[Hub]:
    server = _Server(("127.0.0.1", 0), handler)
    server.hub = hub
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _entry(name: str, data: bytes) -> dict[str, object]:
    return {"type": "file", "path": name, "size": len(data), "oid": _sha1(data)}


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
