"""What every vision model offers: LangChain's chat model, and a dialect."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field

from deixis.vision._dialect import AskKind, Dialect, JsonObject
from deixis.vision._errors import ImageError, ImageHandleError
from deixis.vision._geometry import Detection
from deixis.vision._images import VisionImage, load_image
from deixis.vision._reply import Reply, parse_reply
from deixis.vision._store import ImageRecord, ImageStore
from deixis.vision._transforms import Frame

ContentBlock = dict[str, Any]

IMAGE_REFERENCE = "deixis_image"
"""Type of the content block that stands for an image."""


@dataclass(frozen=True, kw_only=True)
class ImageView:
    """An image as it stands in a conversation."""

    handle: str
    image: VisionImage


def image_block(record: ImageRecord) -> ContentBlock:
    """A message's reference to an image: its handle and its hash, never its bytes.

    A type of block of our own: LangChain takes a standard image block apart, for its tracing,
    each time a model is called, which at ten images costs as much as the rest of a step.
    """
    return {"type": IMAGE_REFERENCE, "id": record.handle, "sha256": record.sha256}


class VisionModel(BaseChatModel):
    """A chat model that sees, and that can say where.

    A backend implements `dialect` and LangChain's `_generate` (and `_stream`, `_agenerate` where
    it can do better than the defaults), and finds the images of its messages with `views`.

    Attributes:
        images: Where the images of messages are looked up by hash. The agent sets it.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    images: ImageStore | None = Field(default=None, exclude=True, repr=False)

    sees: ClassVar[str] = "text and objects"

    @property
    @abstractmethod
    def dialect(self) -> Dialect:
        """How this model writes places."""

    @property
    def name_for_users(self) -> str:
        """The name under which `load_model` gives this model."""
        return self.dialect.family

    def with_images(self, store: ImageStore) -> VisionModel:
        """This model, looking images up in a store."""
        return self.model_copy(update={"images": store})

    def views(self, messages: Sequence[BaseMessage]) -> list[ImageView]:
        """The images of a conversation, in order, each once.

        Image blocks may be handles with a hash (`image_block`), base64, data URIs or URLs;
        those that bring no handle are numbered `img_1`, ….

        Raises:
            ImageHandleError: A hash that isn't in the store.
            ImageError: An inline image that can't be read.
        """
        views: dict[str, ImageView] = {}
        for message in messages:
            for block in _blocks(message):
                image = self._resolve(block)
                if image is None:
                    continue
                handle = str(block.get("id") or "")
                if not handle.startswith("img_"):
                    handle = f"img_{len(views) + 1}"
                views.setdefault(handle, ImageView(handle=handle, image=image))
        return list(views.values())

    def _resolve(self, block: Mapping[str, Any]) -> VisionImage | None:
        if block.get("type") == "image_url":
            link = cast("dict[str, str] | str", block["image_url"])
            return _addressed(link if isinstance(link, str) else link["url"])
        if block.get("type") == IMAGE_REFERENCE:
            if self.images is None:
                raise ImageHandleError(
                    f"{block.get('id', 'an image')} is given by its hash, and this model has no "
                    "image store: use model.with_images(store)"
                )
            return self.images.get(str(block["sha256"]))
        if block.get("type") != "image":
            return None
        if data := block.get("base64") or block.get("data"):
            mime = block.get("mime_type", "image/png")
            return load_image(f"data:{mime};base64,{data}")
        return _addressed(str(block["url"]))

    def frames(self, views: Sequence[ImageView]) -> dict[str | None, Frame]:
        """The frame this model speaks in of each image; None stands for the latest."""
        frames: dict[str | None, Frame] = {
            view.handle: self.dialect.frame(view.image.size, image=view.handle) for view in views
        }
        if views:
            frames[None] = frames[views[-1].handle]
        return frames

    def read_reply(self, message: AIMessage, views: Sequence[ImageView]) -> Reply:
        """A reply's prose, facts and places, the places in original pixels."""
        return parse_reply(message.text, self.dialect, self.frames(views))

    def ground(
        self, image: VisionImage, phrase: str, *, kind: AskKind = "boxes", language: str = "en"
    ) -> list[Detection]:
        """Where a phrase's things are in an image, in original pixels, bound to `img_1`.

        Args:
            image: The image.
            phrase: What to find.
            kind: Boxes or points.
            language: Of the prompt, `en` or `zh`.
        """
        import base64

        block = {
            "type": "image",
            "base64": base64.b64encode(image.data).decode(),
            "mime_type": image.mime,
        }
        prompt = self.dialect.place_prompt(kind, phrase, language=language)
        asked = HumanMessage([block, {"type": "text", "text": prompt}])
        reply = self.invoke([asked])
        frames = self.frames([ImageView(handle="img_1", image=image)])
        return list(self.dialect.parse_places(reply.text, frames).detections)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offers tools to the model, with places worded in its own frame."""
        worded = [
            self.dialect.word_schema(cast("JsonObject", convert_to_openai_tool(tool)))
            for tool in tools
        ]
        if tool_choice is not None:
            kwargs["tool_choice"] = tool_choice
        return cast("Runnable[LanguageModelInput, AIMessage]", self.bind(tools=worded, **kwargs))


def _addressed(url: str) -> VisionImage:
    """An image that a message names by address: never a file of this machine."""
    if not url.startswith(("http://", "https://", "data:")):
        raise ImageError(f"{url[:60]!r} is no address of an image: give http(s), data or bytes")
    return load_image(url)


def _blocks(message: BaseMessage) -> list[ContentBlock]:
    content = message.content
    if isinstance(content, str):
        return []
    return [cast("ContentBlock", block) for block in content if isinstance(block, dict)]
