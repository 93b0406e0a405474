"""The embedded vision model: reads by OCR, answers by layout, glossary and retrieval."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, cast

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
)
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from deixis.vision._dialect import AskKind, Dialect, JsonObject, PixelDialect
from deixis.vision._errors import ModelError
from deixis.vision._geometry import Detection
from deixis.vision._images import VisionImage
from deixis.vision._model import ImageView, VisionModel, tool_call_chunks
from deixis.vision._reader import RapidReader, Reader, Reading
from deixis.vision._reading_cache import CachedReader
from deixis.vision._recalled import STATEMENT, Recalled, question_of, recalled_of
from deixis.vision._reply import write_reply
from deixis.vision._rgbd import carries_depth
from deixis.vision._untrusted import unfenced_content
from deixis.vision.embedded._deciding import (
    NOTHING,
    Asked,
    Decision,
    absent,
    forgetting,
    noting,
    pictures_of,
    quoting,
)
from deixis.vision.embedded._defaults import default_reasoner
from deixis.vision.embedded._offered import Offered, demanded
from deixis.vision.embedded._outcome import Outcome, Sum
from deixis.vision.embedded._question import Question
from deixis.vision.embedded._reasoner import Reasoner
from deixis.vision.embedded._remembering import (
    bare_question,
    contradicted,
    note_on,
    to_forget,
    to_remember,
    unseen_picture,
)
from deixis.vision.embedded._sign import Sign
from deixis.vision.embedded._wording import Wording
from deixis.vision.embedded.documents import ReadPage, filled
from deixis.vision.embedded.guiding._guide_turn import GuideTurn, guides, number_in
from deixis.vision.embedded.operating._carrying import Act, Done
from deixis.vision.embedded.operating._operating import operates
from deixis.vision.embedded.operating._phrases import named
from deixis.vision.embedded.operating._robot_turn import OPEN, RobotTurn
from deixis.vision.embedded.operating._tracking import Seeing
from deixis.vision.embedded.teaming._members import members_of
from deixis.vision.embedded.teaming._team_turn import TeamTurn
from deixis.vision.embedded.things._things import detection_of

_CALCULATOR = "calculate"
_LOOK_AGAIN = "look_again"
# Pictures that these tools make are no signs to read.
_DRAWING = frozenset({"route", "phrase_card"})


class EmbeddedModel(VisionModel):
    """The default model: no download, no key, no GPU. A small honest reader.

    It answers only from text it has read, says what it can't do, and calls a calculator tool
    for sums when one is bound. In pictures with depth it sees things of plain shapes and colours
    as well, and works an arm whose tools are bound. It is not a language model.

    Args:
        reader: Reads text; rapidocr with readings kept on disk by default.
        reasoner: Answers from what was read.
    """

    sees: ClassVar[str] = "text"

    _reader: Reader = PrivateAttr()
    _reasoner: Reasoner = PrivateAttr()
    _seeing: Seeing = PrivateAttr()

    def __init__(
        self, *, reader: Reader | None = None, reasoner: Reasoner | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._reader = reader if reader is not None else CachedReader(RapidReader())
        self._reasoner = reasoner if reasoner is not None else default_reasoner()
        self._seeing = Seeing(self._reader)

    @property
    def dialect(self) -> Dialect:
        """Plain JSON in original pixels."""
        return PixelDialect()

    @property
    def name_for_users(self) -> str:
        """`embedded`."""
        return "embedded"

    @property
    def _llm_type(self) -> str:
        return "deixis-embedded"

    def read(self, image: VisionImage) -> Reading:
        """The lines of text of an image, in reading order."""
        return self._reader.read(image)

    def sign(self, view: ImageView) -> Sign:
        """An image as the model understands it: lines, labels, what governs what."""
        reading = self.read(view.image)
        return Sign.of(reading, image=view.handle, pixels=view.image.pixels)

    def ground(
        self,
        image: VisionImage,
        phrase: str,
        *,
        kind: AskKind = "boxes",
        language: str = "en",  # noqa: ARG002
    ) -> list[Detection]:
        """Where a phrase, or what it means, is written; in a picture with depth, what it names.

        Raises:
            ModelError: For anything but boxes and points.
        """
        if kind not in ("boxes", "points"):
            raise ModelError("the embedded model grounds phrases; use read() for lines of text")
        view = ImageView(handle="img_1", image=image)
        detections = self._things_named(phrase, view) or self._written_as(phrase, view)
        dropped = "point" if kind == "boxes" else "box"
        return [
            d.model_copy(
                update={"point": d.point or (d.box.center if d.box else None), dropped: None}
            )
            for d in detections
        ]

    def _written_as(self, phrase: str, view: ImageView) -> list[Detection]:
        found = self._reasoner.search.find(Question(text=phrase), [self.sign(view)]).matches
        return [m.line.detection(phrase, m.sign.image) for m in found]

    def _things_named(self, phrase: str, view: ImageView) -> list[Detection]:
        if not carries_depth(view.image):
            return []
        language = Question(text=phrase).language
        found = named(phrase, self._seeing(view).things).things
        return [detection_of(thing, view.handle, language) for thing in found]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        message = self._message(messages, kwargs)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        message = self._message(messages, kwargs)
        pieces = _pieces(message.text)
        for number, piece in enumerate(pieces, start=1):
            chunk = ChatGenerationChunk(
                message=AIMessageChunk(
                    content=piece,
                    tool_call_chunks=tool_call_chunks(message) if number == len(pieces) else [],
                    chunk_position="last" if number == len(pieces) else None,
                    response_metadata=message.response_metadata if number == len(pieces) else {},
                )
            )
            if run_manager and piece:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk

    def _message(self, messages: Sequence[BaseMessage], kwargs: Mapping[str, Any]) -> AIMessage:
        tools = [Offered.of(tool) for tool in cast("list[JsonObject]", kwargs.get("tools") or [])]
        messages = [_unmarked(message) for message in messages]
        asked = self._asked(messages)
        came_to = self._came_to_in_all(messages, asked, tools)
        calls = [_call(act.tool, act.args) for act in came_to.calls]
        if not calls and kwargs.get("tool_choice") not in (None, "auto", "none"):
            offered = demanded(tools, kwargs.get("tool_choice"))
            calls.append(
                _structured(offered, came_to.outcome, self._filled(offered, came_to, asked))
            )
        if calls:
            named_ = {"model_name": "embedded"}
            return AIMessage("", tool_calls=calls, response_metadata=named_)
        told: JsonObject = {
            "model_name": "embedded",
            STATEMENT: came_to.statement or came_to.outcome.text,
        }
        if came_to.open is not None:
            told[OPEN] = came_to.open
        return AIMessage(self._written(came_to.outcome), response_metadata=told)

    def _came_to_in_all(
        self, messages: Sequence[BaseMessage], asked: Asked, tools: Sequence[Offered]
    ) -> Decision:
        """What it comes to, with whoever can be asked."""
        offered = {tool.name for tool in tools}
        members = members_of([(tool.name, tool.told, tool.fields) for tool in tools])
        noted = to_remember(asked.question) is not None or to_forget(asked.question) is not None
        if not members or noted:
            return self._came_to(messages, asked, offered)
        shown = [view for view in asked.images if _by_user(view, messages)]
        turn = TeamTurn(
            said=asked.question,
            open=_left_open(messages),
            members=members,
            pictures=[view.handle for view in shown],
            brought=asked.brought,
            frames={
                view.handle: self.dialect.frame(view.image.size, image=view.handle)
                for view in self.views(messages)
            },
            done=_done(messages, {}),
            before=_done(messages, {}, earlier=True),
        )
        if turn.reads_itself:
            return self._came_to(messages, asked, offered)

        def look(text: str, handles: Sequence[str]) -> Outcome:
            about = [view for view in shown if view.handle in handles]
            return self._decided(replace(asked, question=text, images=about), offered).outcome

        came = turn.next(look=look)
        if isinstance(came, tuple):
            return Decision(NOTHING, came[0], beside=came[1:])
        return Decision(came.outcome, open=came.open)

    def _came_to(
        self, messages: Sequence[BaseMessage], asked: Asked, offered: Collection[str]
    ) -> Decision:
        if not operates(offered):
            return self._guided(messages, asked, offered)
        turn = self._robot_turn(messages, asked)
        if turn.answers_first:
            flat = [view for view in asked.images if not carries_depth(view.image)]
            decided = self._decided(replace(asked, images=flat), offered)
            if turn.brought or decided.outcome.found or decided.call is not None:
                return decided
        came = turn.next(see=self._seeing, offered=offered)
        if isinstance(came, Act):
            return Decision(NOTHING, came)
        return Decision(came.outcome, open=came.open)

    def _robot_turn(self, messages: Sequence[BaseMessage], asked: Asked) -> RobotTurn:
        last = _last_question(messages)
        views = [view for view in self.views(messages) if view.messages[-1] >= last]
        deep = [view for view in views if carries_depth(view.image)]
        shown = {number: view.handle for view in deep for number in view.messages}
        return RobotTurn(
            said=asked.question,
            open=_left_open(messages),
            brought=any(last in view.messages for view in views if view not in deep),
            pictures=deep,
            done=_done(messages, shown),
        )

    def _guided(
        self, messages: Sequence[BaseMessage], asked: Asked, offered: Collection[str]
    ) -> Decision:
        """What a sign and a map's tools come to; without such tools what the sign does."""
        if not guides(offered):
            return self._decided(asked, offered)

        def look(text: str, language: str) -> Decision:
            return self._decided(replace(asked, question=text), offered, language)

        turn = GuideTurn(
            said=asked.question,
            open=_left_open(messages),
            done=_done(messages, {}),
            sign=asked.images[-1].handle if asked.images else None,
            number=number_in(str(m.text) for m in messages[:1] if isinstance(m, SystemMessage)),
        )
        see = look if asked.images or asked.recalled else None
        came = turn.next(look=see, offered=offered)
        return came if came is not None else self._decided(asked, offered)

    def _decided(
        self, asked: Asked, offered: Collection[str], language: str | None = None
    ) -> Decision:
        """What it comes to, and the call that it takes first."""
        say = Wording(language or Question(text=asked.question).language)
        if (what := to_remember(asked.question)) is not None:
            return noting(what, asked, offered, say)
        if (what := to_forget(asked.question)) is not None:
            return forgetting(what, asked, offered, say)
        question = bare_question(asked.question)
        signs = [self.sign(view) for view in asked.images]
        outcome = self._reasoner.answer(question, signs, language=language)
        if outcome.sum is not None:
            result = asked.results.get(_CALCULATOR)
            if result is not None:
                return Decision(_with_result(outcome, outcome.sum, result))
            if _CALCULATOR in offered:
                sum_: JsonObject = {"expression": outcome.sum.expression}
                return Decision(outcome, Act(tool=_CALCULATOR, args=sum_))
        if not asked.recalled or asked.brought:
            return Decision(outcome)
        if outcome.found:
            return self._from_memory(outcome, asked.recalled, say)
        note = note_on(question, asked.recalled)
        if note is not None and note is asked.recalled[0] and not note.detections:
            return quoting(note, say)
        unseen = unseen_picture(asked.recalled, {view.handle for view in asked.images})
        if unseen is not None and _LOOK_AGAIN in offered and _LOOK_AGAIN not in asked.failed:
            return Decision(outcome, Act(tool=_LOOK_AGAIN, args={"image": unseen}))
        return absent(outcome, asked, say) if note is None else quoting(note, say)

    @staticmethod
    def _from_memory(outcome: Outcome, recalled: Sequence[Recalled], say: Wording) -> Decision:
        """An answer, with the earlier picture it rests on and what was said before named."""
        text = outcome.text
        pictures = pictures_of(recalled)
        shown = outcome.detections[0].image if outcome.detections else None
        if shown in pictures:
            text = say.in_earlier_picture(text, pictures[shown])
        if (memory := contradicted(recalled, outcome.detections)) is not None:
            text += say.said_before([(o.when, o.text) for o in memory.earlier])
        return Decision(replace(outcome, text=text), statement=outcome.text)

    def _filled(self, offered: Offered, came_to: Decision, asked: Asked) -> JsonObject:
        """What the pictures say, as documents, for fields that an answer doesn't have."""
        first = came_to.outcome.detections[0] if came_to.outcome.detections else None
        return filled(
            offered.schema,
            offered.fields.keys() - came_to.outcome.fields.keys(),
            [
                ReadPage(handle=view.handle, image=view.image, reading=self.read(view.image))
                for view in asked.images
            ],
            shown=first.box if first is not None else None,
        )

    def _written(self, outcome: Outcome) -> str:
        return write_reply(
            outcome.text,
            found=outcome.found,
            language=outcome.language,
            facts=outcome.facts,
            detections=outcome.detections,
        )

    def _asked(self, messages: Sequence[BaseMessage]) -> Asked:
        """The last question, the images it is about, and what tools answered since.

        A question that brings images is about those; one that brings none is about all.
        """
        last = _last_question(messages)
        if last < 0:
            raise ModelError("there is no question: end the messages with one from the user")
        drawn = {n for n, m in enumerate(messages) if m.name in _DRAWING}
        everything = [v for v in self.views(messages) if not drawn.issuperset(v.messages)]
        brought = [view for view in everything if last in view.messages]
        done = [message for message in messages[last + 1 :] if isinstance(message, ToolMessage)]
        return Asked(
            question=question_of(messages[last]),
            images=brought or everything,
            brought=bool(brought),
            shown=any(
                isinstance(messages[n], HumanMessage) for view in everything for n in view.messages
            ),
            results={str(m.name): str(m.text) for m in done if m.status != "error"},
            failed=frozenset(str(m.name) for m in done if m.status == "error"),
            recalled=recalled_of(messages[last]),
        )


def _unmarked(message: BaseMessage) -> BaseMessage:
    """A message without the marks on others' words: this model never takes those for orders."""
    content = unfenced_content(cast("Any", message).content)
    same = content == message.content
    return message if same else message.model_copy(update={"content": content})


def _last_question(messages: Sequence[BaseMessage]) -> int:
    return max((i for i, m in enumerate(messages) if isinstance(m, HumanMessage)), default=-1)


def _left_open(messages: Sequence[BaseMessage]) -> JsonObject | None:
    """What the answer before the last question left open."""
    earlier = reversed(messages[: _last_question(messages)])
    before = next((m for m in earlier if isinstance(m, AIMessage)), None)
    left = before.response_metadata.get(OPEN) if before is not None else None
    return cast("JsonObject", left) if isinstance(left, dict) else None


def _by_user(view: ImageView, messages: Sequence[BaseMessage]) -> bool:
    """Whether a user showed a picture, and not an arm's camera."""
    return not carries_depth(view.image) and any(
        isinstance(messages[number], HumanMessage) for number in view.messages
    )


def _done(
    messages: Sequence[BaseMessage], shown: Mapping[int, str], *, earlier: bool = False
) -> list[Done]:
    """The tool calls since the last question, each with the picture that it came with.

    Args:
        messages: The conversation.
        shown: Handles of pictures, by the messages that show them.
        earlier: Those before the question instead.
    """
    last = _last_question(messages)
    calls = {c["id"]: c for m in messages if isinstance(m, AIMessage) for c in m.tool_calls}
    return [
        Done(
            tool=str(m.name),
            args=calls[m.tool_call_id]["args"] if m.tool_call_id in calls else {},
            ok=str(m.text).startswith("Done"),
            text=str(m.text),
            error=m.status == "error",
            image=shown.get(number, ""),
        )
        for number, m in enumerate(messages)
        if (number < last if earlier else number > last) and isinstance(m, ToolMessage)
    ]


def _with_result(outcome: Outcome, sum_: Sum, result: str) -> Outcome:
    priced = sum_.priced(result)
    return replace(
        outcome,
        text=f"{outcome.text.rstrip('.。')} = {priced}{'。' if '。' in outcome.text else '.'}",
        facts={**outcome.facts, "total": priced},
        sum=None,
    )


def _structured(offered: Offered, outcome: Outcome, read: JsonObject) -> ToolCall:
    """A forced call: the fields of the answer by their names, and what a document says.

    Raises:
        ModelError: A field is required that neither has.
    """
    known = {**read, **outcome.fields}
    missing = [name for name in offered.required if name not in known]
    if missing:
        raise ModelError(
            f"the embedded model can't fill {', '.join(missing)} of {offered.name}: it knows "
            f"{', '.join(sorted(known))}; make what may be missing optional, or ask a language "
            "model (see `deixis models`)"
        )
    return _call(offered.name, {name: known[name] for name in offered.fields if name in known})


def _call(name: str, args: JsonObject) -> ToolCall:
    return ToolCall(name=name, args=args, id=f"call_{uuid.uuid4().hex[:12]}", type="tool_call")


def _pieces(text: str) -> list[str]:
    """A text cut for streaming: after spaces, and between Chinese characters."""
    pieces: list[str] = []
    current = ""
    for char in text:
        current += char
        if char.isspace() or char > "\u3000":
            pieces.append(current)
            current = ""
    return [*pieces, current] if current or not pieces else pieces
