"""What every vision model must hold to, as tests that any backend can run against itself."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from PIL import Image, ImageDraw

from deixis.vision import (
    IMAGE_REFERENCE,
    PLACE_MARK,
    Box,
    Frame,
    ImageBook,
    ImageHandleError,
    ImageStore,
    PlaceError,
    PlaceKind,
    Point,
    VisionModel,
    image_block,
    load_image,
)

_SIZES = ((1920, 1080), (480, 270), (1080, 2400), (64, 64), (4032, 3024))
_NONSENSE = (
    "",
    "{",
    "```json\n[{]\n```",
    '```json\n{"places": [{"bbox_2d": ["a", null, 1e999, {}]}]}\n```',
    '[{"bbox_2d": [1, 2, 3], "label": 4}, {"point_2d": "x"}]',
    "<box>(1,2),(3", "<|box_start|>(xx,xx),(xx,xx)<|box_end|>",
    "\x00\ud83d" + "[" * 2000,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A question that makes a model do something on its own.

    Attributes:
        messages: To be sent.
        tools: To be bound, or the schema of a structured answer.
    """

    messages: Sequence[BaseMessage]
    tools: Sequence[Any]


def picture(*, size: tuple[int, int] = (640, 360), text: str = "4F ENT") -> Image.Image:
    """A plain picture with a line of text."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((40, 40), text, fill="black", font_size=48)
    return image


def inline(image: Image.Image) -> dict[str, Any]:
    """A picture as a LangChain block with its bytes."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return {"type": "image", "base64": data, "mime_type": "image/png"}


class VisionModelConformance(ABC):
    """Subclass it in a test module, give it a model, and pytest runs the suite.

    ```python
    class TestMyModel(VisionModelConformance):
        def make_model(self) -> VisionModel:
            return MyModel()
    ```
    """

    @abstractmethod
    def make_model(self) -> VisionModel:
        """A model that answers any question about any picture with some text."""

    def tool_ask(self) -> Ask | None:
        """A question that the model answers with a tool call; None if it can't be made to."""
        return None

    def structured_ask(self) -> Ask | None:
        """A question and a pydantic model to answer it in; None if it can't be made to."""
        return None

    @pytest.fixture
    def model(self) -> VisionModel:
        """The model under test."""
        return self.make_model()

    @pytest.fixture
    def question(self) -> list[BaseMessage]:
        """A question with a picture in it."""
        return [HumanMessage([inline(picture()), {"type": "text", "text": "Where is ENT?"}])]

    def test_invoke_gives_text(self, model: VisionModel, question: list[BaseMessage]) -> None:
        """One call, one message with words."""
        reply = model.invoke(question)
        assert isinstance(reply, AIMessage)
        assert str(reply.text)

    def test_ainvoke_gives_text(self, model: VisionModel, question: list[BaseMessage]) -> None:
        """The same asynchronously."""
        assert str(asyncio.run(model.ainvoke(question)).text)

    def test_stream_adds_up_to_one_message(
        self, model: VisionModel, question: list[BaseMessage]
    ) -> None:
        """Chunks that can be added, the last one marked."""
        chunks = list(model.stream(question))
        total = chunks[0]
        for chunk in chunks[1:]:
            total += chunk
        assert str(total.text)

    def test_astream_adds_up(self, model: VisionModel, question: list[BaseMessage]) -> None:
        """The same asynchronously."""

        async def collect() -> str:
            return "".join([str(chunk.text) async for chunk in model.astream(question)])

        assert asyncio.run(collect())

    def test_images_are_taken_by_handle(self, model: VisionModel) -> None:
        """A handle and a hash stand for an image, looked up in the store."""
        book = ImageBook(store := ImageStore())
        blocks = [image_block(book.add(load_image(picture(text=t)))) for t in ("1F", "2F")]
        asked = [HumanMessage([*blocks, {"type": "text", "text": "Which floors?"}])]
        sighted = model.with_images(store)
        assert [view.handle for view in sighted.views(asked)] == ["img_1", "img_2"]
        assert str(sighted.invoke(asked).text)

    def test_an_image_that_is_not_in_the_store_is_said_so(self, model: VisionModel) -> None:
        """Never a guess at what the picture may have been."""
        block = {"type": IMAGE_REFERENCE, "id": "img_1", "sha256": "0" * 64}
        with pytest.raises(ImageHandleError):
            model.with_images(ImageStore()).views([HumanMessage([block])])

    def test_a_conversation_of_turns_is_taken(
        self, model: VisionModel, question: list[BaseMessage]
    ) -> None:
        """Earlier turns stay in the messages."""
        reply = model.invoke(question)
        assert str(model.invoke([*question, reply, HumanMessage("And on which floor?")]).text)

    def test_threads_may_share_a_model(
        self, model: VisionModel, question: list[BaseMessage]
    ) -> None:
        """Calls side by side all get their answer."""
        with ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(model.invoke, [question] * 4))
        assert all(str(reply.text) for reply in replies)

    @pytest.mark.parametrize("size", _SIZES)
    def test_the_frame_goes_there_and_back(self, model: VisionModel, size: tuple[int, int]) -> None:
        """A place in original pixels survives the model's frame within half a pixel."""
        frame = model.dialect.frame(size, image="img_1")
        point = Point(x=size[0] * 0.3, y=size[1] * 0.7, image="img_1")
        back = frame.original_place(frame.model_place(point))
        assert abs(back.x - point.x) < 0.5
        assert abs(back.y - point.y) < 0.5

    @pytest.mark.parametrize("size", _SIZES)
    def test_the_size_it_sees_is_a_size(self, model: VisionModel, size: tuple[int, int]) -> None:
        """Positive, of about the same shape (unless all images come to one size), and counted."""
        width, height = model.dialect.input_size(size)
        assert width > 0
        assert height > 0
        one_for_all = len({model.dialect.input_size(other) for other in _SIZES}) == 1
        assert one_for_all or 0.5 < (width / height) / (size[0] / size[1]) < 2
        assert model.dialect.image_tokens(size) >= 0

    @pytest.mark.parametrize("kind", ["point", "box"])
    def test_a_place_it_was_told_can_be_told_back(
        self, model: VisionModel, kind: PlaceKind
    ) -> None:
        """What a tool gives in the model's words is read from them again."""
        size = (1920, 1080)
        frames: dict[str | None, Frame] = {"img_1": model.dialect.frame(size, image="img_1")}
        place: Point | Box = (
            Point(x=960, y=540, image="img_1")
            if kind == "point"
            else Box(x1=192, y1=108, x2=960, y2=540, image="img_1")
        )
        back = model.dialect.read_place(model.dialect.write_place(place, frames), kind, frames)
        told, kept = back.model_dump(), place.model_dump()
        assert all(abs(told[n] - kept[n]) < 3 for n in kept if n != "image")
        assert back.image == "img_1"

    def test_a_place_outside_is_refused_in_a_sentence(self, model: VisionModel) -> None:
        """So that the model can mend it."""
        frame = model.dialect.frame((640, 480), image="img_1")
        with pytest.raises(PlaceError):
            model.dialect.read_place([99_999, 5], "point", {None: frame, "img_1": frame})

    @pytest.mark.parametrize("said", _NONSENSE)
    def test_no_reply_makes_the_dialect_raise(self, model: VisionModel, said: str) -> None:
        """What is unreadable is dropped."""
        frames: dict[str | None, Frame] = {None: model.dialect.frame((640, 480), image="img_1")}
        for detection in model.dialect.parse_places(said, frames).detections:
            if detection.box is not None:
                assert detection.box.inside((640, 480))

    def test_marked_places_are_worded(self, model: VisionModel) -> None:
        """No marker of ours reaches the model."""
        schema = {"type": "object", "properties": {"at": Point.model_json_schema()}}
        assert PLACE_MARK not in json.dumps(model.dialect.word_schema(dict(schema)))

    def test_it_is_asked_for_places_in_both_languages(self, model: VisionModel) -> None:
        """A prompt names what is to be found."""
        for language, phrase in (("en", "the red cup"), ("zh", "红杯子")):
            assert phrase in model.dialect.place_prompt("boxes", phrase, language=language)

    def test_tool_calls_come_out_typed(self, model: VisionModel) -> None:
        """A name, arguments as a dictionary, and an id."""
        if (ask := self.tool_ask()) is None:
            pytest.skip("this model can't be made to call a tool")
        reply = model.bind_tools(ask.tools).invoke(list(ask.messages))
        assert reply.tool_calls
        assert isinstance(reply.tool_calls[0]["args"], dict)
        assert reply.tool_calls[0]["id"]

    def test_structured_output(self, model: VisionModel) -> None:
        """An answer in the shape that was asked for."""
        if (ask := self.structured_ask()) is None:
            pytest.skip("this model can't be made to answer in a shape")
        shape = ask.tools[0]
        assert isinstance(model.with_structured_output(shape).invoke(list(ask.messages)), shape)
