"""`deixis trace`: what happened, as a tree, as JSON, or as a page with the pictures."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deixis.agents._console import emit, plain, say
from deixis.agents._failures import CommandUsageError
from deixis.agents.tracing._reading import Node, Trace, read_trace

if TYPE_CHECKING:
    from deixis.agents.tracing._tracing import Tracing


@contextmanager
def traced_to(path: Path | None) -> Generator[Tracing | None]:
    """Tracing into a file, if one is named; it is written whatever happens within."""
    if path is None:
        yield None
        return
    from deixis.agents.tracing._file import TraceFile

    with TraceFile(path) as file:
        yield file.tracing
    say(plain(f"  traced to {path}"), dim=True, to_stderr=True)


def trace(path: Path, *, html: Path | None, as_json: bool) -> None:
    """Prints a trace's file, or writes a page of it."""
    if html is not None:
        _check(html, path)
    read = read_trace(path)
    if html is not None:
        from deixis.agents.tracing._page import page

        try:
            html.touch(mode=0o600)
            html.write_text(page(read, name=path.name), "utf-8")
        except OSError as error:
            raise CommandUsageError(f"{html} can't be written ({error.strerror})") from None
        if not as_json:
            say(plain(f"wrote {html}"))
    if as_json:
        emit(trace_json(read))
    elif html is None:
        from deixis.agents.tracing._text import tree

        for line in tree(read):
            say(line.text, dim=line.dim)


def trace_json(trace: Trace) -> dict[str, Any]:
    """A trace as the command line prints it: the tree, the images and what it came to."""
    from deixis.agents.tracing._words import totals

    total = totals(trace.walk())
    return {
        "seconds": round(trace.seconds, 6),
        "models": total.models,
        "tools": total.tools,
        "errors": total.errors,
        "tokens": {"input": total.given, "output": total.made, "estimated": total.estimated},
        "runs": [_node_json(root) for root in trace.roots],
        "images": [
            {"sha256": image.sha256, "size": list(image.size), "source": image.source}
            for image in trace.images
        ],
    }


def _node_json(node: Node) -> dict[str, Any]:
    return {
        "kind": node.kind,
        "name": node.name,
        "start": round(node.start, 6),
        "seconds": round(node.seconds, 6),
        "error": node.error,
        "attributes": node.attributes,
        "events": [{"name": e.name, "at": e.at, "attributes": e.attributes} for e in node.events],
        "within": [_node_json(child) for child in node.children],
    }


def _check(html: Path, path: Path) -> None:
    if html.suffix.lower() not in (".html", ".htm"):
        raise CommandUsageError(f"{html} is no page's name: end it in .html")
    if not html.parent.is_dir():
        raise CommandUsageError(f"there is no folder {html.parent}: make it first")
    if html.is_dir() or (html.exists() and html.samefile(path)):
        raise CommandUsageError(f"{html} can't be written: choose another name")
