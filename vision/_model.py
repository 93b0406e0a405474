"""What every vision model offers: LangChain's chat model, and a dialect."""

from __future__ import annotations

import json
import re
import uuid
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    InvalidToolCall,
    ToolCallChunk,
)
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deixis.vision._dialect import AskKind, Dialect, JsonObject
from deixis.vision._errors import ImageError, ImageHandleError, ModelError, PlaceError
from deixis.vision._geometry import Detection
from deixis.vision._images import VisionImage, load_image
from deixis.vision._reply import Reply, parse_reply
from deixis.vision._store import ImageRecord, ImageStore
from deixis.vision._transforms import Frame
from deixis.vision._turns import ImagePart

ContentBlock = dict[str, Any]

IMAGE_REFERENCE = "deixis_image"
"""Type of the content block that stands for an image."""

_SINGLE = re.compile("[^A-Za-z ]")
_RARE = re.compile("[\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class ImageView:
    """An image as it stands in a conversation.

    Attributes:
        handle: Its name.
        image: The image.
        messages: Numbers of the messages that show it.
    """

    handle: str
    image: VisionImage
    messages: tuple[int, ...] = ()


def image_block(record: ImageRecord) -> ContentBlock:
    """A message's reference to an image: its handle and its hash, never its bytes.

    A type of block of our own: LangChain takes a standard image block apart, for its tracing,
    each time a model is called, which at ten images costs as much as the rest of a step.
    """
    return {"type": IMAGE_REFERENCE, "id": record.handle, "sha256": record.sha256}


def estimated_tokens(text: str) -> int:
    """About how many tokens a text takes, rather too many than too few.

    The vocabularies of the Qwen line split numbers into digits and hold English words of four
    letters and more; a mark or a Chinese character takes one token at most, an emoji three.
    """
    single = len(_SINGLE.findall(text))
    return single + 2 * len(_RARE.findall(text)) + -(-2 * (len(text) - single) // 7)


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

    def text_tokens(self, text: str) -> int:
        """How many tokens a text takes in a prompt: an estimate, unless the model can count."""
        return estimated_tokens(text)

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
        shown: dict[str, ImageView] = {}
        for number, part in self._numbered(messages):
            if part is not None:
                earlier = shown[part.handle].messages if part.handle in shown else ()
                shown[part.handle] = ImageView(
                    handle=part.handle, image=part.image, messages=(*earlier, number)
                )
        return list(shown.values())

    def views_by_block(self, messages: Sequence[BaseMessage]) -> list[ImagePart | None]:
        """What `views` finds, for every content block in order; None for one that is no image."""
        return [part for _, part in self._numbered(messages)]

    def _numbered(self, messages: Sequence[BaseMessage]) -> Iterator[tuple[int, ImagePart | None]]:
        """Each block's image, with the number of its message."""
        known: dict[str, VisionImage] = {}
        for number, message in enumerate(messages):
            for block in _blocks(message):
                handle = str(block.get("id") or "")
                image = known.get(handle) or self._resolve(block)
                if image is None:
                    yield number, None
                    continue
                if not handle.startswith("img_"):
                    handle = f"img_{len(known) + 1}"
                known[handle] = image
                yield number, ImagePart(handle=handle, image=image)

    def _resolve(self, block: Mapping[str, Any]) -> VisionImage | None:
        if block.get("type") != IMAGE_REFERENCE:
            return image_of_block(block)
        if self.images is None:
            raise ImageHandleError(
                f"{block.get('id', 'an image')} is given by its hash, and this model has no "
                "image store: use model.with_images(store)"
            )
        return self.images.get(str(block["sha256"]))

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

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """Answers in a shape, its places in original pixels and bound to their images.

        Args:
            schema: A pydantic class, or a JSON schema for a dictionary.
            include_raw: Whether to give `raw`, `parsed` and `parsing_error` instead of raising.
            **kwargs: Taken for LangChain's sake, and left unused.

        Raises:
            ModelError: The model's answer doesn't fit the shape, when it is run.
        """
        del kwargs
        bound = self.bind_tools(
            [schema],
            tool_choice="any",
            ls_structured_output_format={
                "kwargs": {"method": "function_calling"},
                "schema": schema,
            },
        )

        def finished(given: LanguageModelInput, raw: AIMessage) -> Any:
            try:
                parsed = self._shaped(raw, schema, self.messages(given))
            except ModelError as error:
                if not include_raw:
                    raise
                return {"raw": raw, "parsed": None, "parsing_error": error}
            return {"raw": raw, "parsed": parsed, "parsing_error": None} if include_raw else parsed

        def run(given: Any, config: RunnableConfig) -> Any:
            return finished(given, bound.invoke(given, config))

        async def arun(given: Any, config: RunnableConfig) -> Any:
            return finished(given, await bound.ainvoke(given, config))

        return RunnableLambda(run, arun, name="structured")

    def messages(self, given: LanguageModelInput) -> list[BaseMessage]:
        """The messages of anything that a chat model can be asked with."""
        return self._convert_input(given).to_messages()

    def _shaped(
        self, raw: AIMessage, schema: dict[str, Any] | type, messages: Sequence[BaseMessage]
    ) -> Any:
        function = cast("JsonObject", convert_to_openai_tool(schema)["function"])
        said = next(
            (call["args"] for call in raw.tool_calls if call["name"] == function["name"]), None
        )
        if said is None:
            raise ModelError(
                f"{self.name_for_users} didn't answer in the shape of {function['name']}: "
                f"{str(raw.text)[:80]!r}"
            )
        parameters = cast("JsonObject", function["parameters"])
        try:
            placed = self.dialect.read_marked(said, parameters, self.frames(self.views(messages)))
            if isinstance(schema, type) and issubclass(schema, BaseModel):
                return schema.model_validate(placed)
        except (PlaceError, ValidationError) as error:
            raise ModelError(
                f"{self.name_for_users} didn't keep to the shape of {function['name']}: {error}"
            ) from error
        return placed


def image_of_block(block: Mapping[str, Any]) -> VisionImage | None:
    """The image of a content block of LangChain's or OpenAI's; None for one that is no image.

    Raises:
        ImageError: It can't be read, or is named by something else than an address.
    """
    if block.get("type") == "image_url":
        link = cast("dict[str, str] | str", block["image_url"])
        return _addressed(link if isinstance(link, str) else link["url"])
    if block.get("type") != "image":
        return None
    if data := block.get("base64") or block.get("data"):
        mime = block.get("mime_type", "image/png")
        return load_image(f"data:{mime};base64,{data}")
    return _addressed(str(block.get("url")))


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


def broken_call(*, name: str, words: str, reason: str) -> InvalidToolCall:
    """A tool call whose words can't be read, with the reason for the model to mend it.

    The reason stands before the words, in brackets: LangChain reads the arguments of a streamed
    call as the beginning of some JSON where it can, and so would guess a cut one to be whole.
    """
    return InvalidToolCall(
        type="invalid_tool_call",
        id=f"call_{uuid.uuid4().hex}",
        name=name,
        args=f"({reason}) {words}",
        error=reason,
    )


def tool_call_chunks(message: AIMessage) -> list[ToolCallChunk]:
    """A message's tool calls as the last chunk of a stream brings them, each in one piece.

    Those that can't be read (`broken_call`) come last.
    """
    written = [
        (call["name"], json.dumps(call["args"], ensure_ascii=False), call["id"])
        for call in message.tool_calls
    ]
    broken = [(call["name"], call["args"], call["id"]) for call in message.invalid_tool_calls]
    return [
        ToolCallChunk(name=name, args=args, id=key, index=index, type="tool_call_chunk")
        for index, (name, args, key) in enumerate([*written, *broken])
    ]
