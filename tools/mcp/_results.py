"""What a server answers, as a tool's result: text, images, and a word for everything else."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
)
from pydantic import BaseModel, ConfigDict, JsonValue

from deixis.tools._tool import NewImage, ToolResult
from deixis.tools.mcp._limits import McpLimits
from deixis.tools.mcp._words import cleaned, one_line, shortened
from deixis.vision import DeixisError, ToolError, load_image

_LONGEST_ERROR: Final = 400
_LONGEST_LINK: Final = 200


class McpData(BaseModel):
    """A server's result for a program.

    Attributes:
        server: What the server is called here.
        tool: What it calls the tool.
        structured: Its structured content, where it gave any.
    """

    model_config = ConfigDict(frozen=True)

    server: str
    tool: str
    structured: JsonValue = None


def result_of(answer: CallToolResult, *, server: str, tool: str, limits: McpLimits) -> ToolResult:
    """A server's answer as a tool's result.

    Raises:
        ToolError: The server says that it is an error.
    """
    heard = _Heard(server=server, limits=limits)
    structured: Any = answer.structured_content
    for block in answer.content:
        if structured is None or not _repeats(block, structured):
            heard.take(block)
    if structured is not None:
        heard.texts.append(_written(structured))
    text = shortened(cleaned("\n".join(heard.texts)).strip(), limits.text)
    if answer.is_error:
        words = shortened(text, _LONGEST_ERROR) or "no reason"
        raise ToolError(f"{server} answers with an error, in words of its own: {words}")
    return ToolResult(
        text=text or _without_words(len(heard.images)),
        images=tuple(heard.images),
        data=McpData(server=server, tool=tool, structured=structured),
        origin=f"the MCP server {server}",
    )


def _without_words(images: int) -> str:
    if images == 0:
        return "Done; it says nothing."
    return "An image." if images == 1 else f"{images} images."


def _plain(structured: object) -> str | None:
    """A text that was wrapped to be structured content."""
    fields = cast("dict[str, Any]", structured) if isinstance(structured, dict) else {}
    text = fields.get("result")
    return text if isinstance(text, str) and len(fields) == 1 else None


def _written(structured: object) -> str:
    return _plain(structured) or json.dumps(structured, ensure_ascii=False)


def _repeats(block: object, structured: object) -> bool:
    """Whether a text says the structured content again, as servers do for old clients."""
    if not isinstance(block, TextContent):
        return False
    if block.text == _plain(structured):
        return True
    try:
        said = json.loads(block.text)
    except (ValueError, RecursionError):
        return False
    return said == structured or {"result": said} == structured


@dataclass
class _Heard:
    """What has been taken of an answer so far."""

    server: str
    limits: McpLimits
    texts: list[str] = field(default_factory=list[str])
    images: list[NewImage] = field(default_factory=list[NewImage])

    def take(self, block: object) -> None:
        match block:
            case TextContent(text=text):
                self.texts.append(text)
            case ImageContent(data=data):
                self._image(data)
            case AudioContent(data=data, mime_type=mime):
                self._unread("a sound", mime, data)
            case ResourceLink(uri=uri, name=name):
                shown = one_line(f"{name} at {uri}", _LONGEST_LINK)
                self.texts.append(f"(A link, not followed: {shown})")
            case EmbeddedResource(resource=resource):
                where = one_line(resource.uri, _LONGEST_LINK)
                if isinstance(resource, BlobResourceContents):
                    if (resource.mime_type or "").startswith("image/"):
                        self._image(resource.blob)
                    else:
                        self._unread(f"the file {where}", resource.mime_type, resource.blob)
                else:
                    self.texts.append(f"(The file {where}:)\n{resource.text}")
            case _:
                self.texts.append("(Something of a kind that isn't known here.)")

    def _unread(self, what: str, mime: str | None, data: str) -> None:
        kind = one_line(mime or "an unknown kind", 60)
        self.texts.append(f"(Left out: {what}, {kind}, about {len(data) * 3 // 4:,} bytes.)")

    def _image(self, data: str) -> None:
        if len(self.images) >= self.limits.images:
            self.texts.append(f"(Left out: an image, over the limit of {self.limits.images}.)")
            return
        try:
            image = load_image(base64.b64decode(data, validate=True))
        except (DeixisError, binascii.Error) as error:
            why = str(error) if isinstance(error, DeixisError) else "it is no base64"
            self.texts.append(f"(An image that can't be taken in: {one_line(why, 200)})")
            return
        named = replace(image, source=f"an image from {self.server}")
        self.images.append(NewImage(image=named))
