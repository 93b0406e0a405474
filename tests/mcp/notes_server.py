"""A small real MCP server: notes, and what can go wrong with a server."""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path
from typing import Any

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.utilities.types import Image
from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ResourceLink,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)

FOLDER = Path(os.environ.get("NOTES_FOLDER", "."))
server = MCPServer("notes")


@server.tool(
    description=(FOLDER / "told").read_text("utf-8") if (FOLDER / "told").exists() else None
)
def add_note(text: str, stars: int = 1) -> str:
    """Writes a note down."""
    with (FOLDER / "notes.txt").open("a", encoding="utf-8") as file:
        file.write(f"{text}|{stars}\n")
    return f"Noted: {text}"


@server.tool(annotations=ToolAnnotations(read_only_hint=True, destructive_hint=False))
def count_notes() -> dict[str, int]:
    """Counts the notes."""
    file = FOLDER / "notes.txt"
    return {"count": len(file.read_text("utf-8").splitlines()) if file.exists() else 0}


@server.tool()
def translate(text: str) -> str:
    """Has the name of a tool of ours."""
    return text[::-1]


@server.tool()
def fail(reason: str) -> str:
    """Fails."""
    raise ValueError(reason)


@server.tool()
def die() -> str:
    """Dies in the middle of the call."""
    os._exit(3)


@server.tool()
async def sleep_long() -> None:
    """Never ends by itself; says when it is told to stop."""
    try:
        await anyio.sleep_forever()
    except BaseException:
        (FOLDER / "stopped").touch()
        raise


@server.tool()
async def step(context: Context[Any]) -> str:
    """Tells how far it is."""
    for done in (1, 2, 3):
        await context.report_progress(done, 3, f"part {done}\x1b[31m")
    return "all parts"


@server.tool()
def size_of(image: str) -> str:
    """Says what was sent as an image."""
    head = base64.b64decode(image.partition(",")[2] or image)
    (FOLDER / "sent").write_bytes(head)
    return image[:22]


@server.tool()
def draw() -> Image:
    """Gives a picture."""
    return Image(path=os.environ["NOTES_PICTURE"])


@server.tool()
def odd() -> CallToolResult:
    """Gives something of every other kind."""
    return CallToolResult(
        content=[
            AudioContent(data="AAAA", mime_type="audio/wav"),
            ResourceLink(name="a page", uri="https://example.org/secret"),
            EmbeddedResource(
                resource=TextResourceContents(uri="file:///list.txt", text="milk, bread")
            ),
            EmbeddedResource(
                resource=BlobResourceContents(
                    uri="file:///a.zip", blob="AAAA", mime_type="application/zip"
                )
            ),
            TextContent(text="visible\u200b\U000e0041\x1b[2J \u202eend"),
        ]
    )


@server.tool()
def long_text() -> str:
    """Says a lot."""
    return "word " * 20_000


@server.tool()
def broken_picture() -> CallToolResult:
    """Gives a picture that is none."""
    from mcp_types import ImageContent

    data = base64.b64encode(b"no picture at all").decode()
    return CallToolResult(content=[ImageContent(data=data, mime_type="image/png")])


@server.tool()
def environment(name: str) -> str:
    """Says whether it was given a variable."""
    return "there" if name in os.environ else "not there"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", port=int(sys.argv[1]))
    else:
        server.run("stdio")
