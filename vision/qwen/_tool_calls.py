"""How each family of the line is told of tools and writes calls, and how calls are read.

Formats are those of the authors' own templates and demos: JSON between `<tool_call>` markers
(`hermes`: Qwen2-VL, 2.5 and 3, the text of Qwen2.5's chat template), tags between the same
markers (`xml`: Qwen3.5, the text of Qwen3-Coder's and Qwen3.5's template), ReAct text (`react`:
Qwen-VL-Chat, the demo in QwenLM/Qwen-VL). Models were trained on these very instructions, so
they are given word for word where a model depends on them.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Literal, cast

from typing_extensions import override

from deixis.vision._dialect import JsonObject
from deixis.vision.qwen._families import ToolFormat
from deixis.vision.qwen._tool_neutral import neutral
from deixis.vision.qwen._tool_pieces import (
    BrokenCall,
    Called,
    Piece,
    Prose,
    Thought,
    ToolCallStream,
    ToolUse,
)
from deixis.vision.qwen._tool_react import ReactStream
from deixis.vision.qwen._tool_tags import TagStream
from deixis.vision.qwen._tool_xml import schemas_of

__all__ = [
    "BrokenCall",
    "Called",
    "Piece",
    "Prose",
    "Thought",
    "ToolCallStream",
    "ToolUse",
    "ToolWriter",
    "neutral",
    "tool_writer",
]

_HERMES = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""

_XML = """# Tools

You have access to the following functions:

<tools>
{tools}
</tools>

If you choose to call a function ONLY reply in the following format with NO suffix:

<tool_call>
<function=example_function_name>
<parameter=example_parameter_1>
value_1
</parameter>
<parameter=example_parameter_2>
This is the value for the second parameter
that can span
multiple lines
</parameter>
</function>
</tool_call>

<IMPORTANT>
Reminder:
- Function calls MUST follow the specified format: an inner <function=...></function> block \
must be nested within <tool_call></tool_call> XML tags
- Required parameters MUST be specified
- You may provide optional reasoning for your function call in natural language BEFORE the \
function call, but NOT after
- If there is no function call available, answer the question like normal with your current \
knowledge and do not tell the user about function calls
</IMPORTANT>"""

_REACT = """Answer the following questions as best you can. You have access to the following APIs:

{tools}

Use the following format:

Question: the input question you must answer
Thought: you should always think about what to do
Action: the action to take, should be one of [{names}]
Action Input: the input to the action
Observation: the result of the action
... (this Thought/Action/Action Input/Observation can be repeated zero or more times)
Thought: I now know the final answer
Final Answer: the final answer to the original input question

Begin!"""

# What a tokenizer would take for a token of its own, inside JSON.
_TOKEN = re.compile(r"<(?=[|/a-zA-Z])")


class ToolWriter(ABC):
    """One format of tool calls. Holds no state.

    Everything written is safe to render: markers in what a model, a user or a tool's author
    wrote are escaped (in JSON) or made neutral (elsewhere).
    """

    @property
    def stop(self) -> tuple[str, ...]:
        """Words at which generation must stop, besides the end of the turn."""
        return ()

    @property
    def result_role(self) -> Literal["user", "assistant"]:
        """Whose turn a result stands in.

        `user`: a user turn of its own, results of several calls one after the other.
        `assistant`: the model's open turn, on a line of its own; the turn goes on after it.
        """
        return "user"

    @abstractmethod
    def instructions(self, tools: Sequence[JsonObject]) -> str:
        """The block for the system message that tells of tools; empty without tools.

        Qwen-VL's demo puts the ReAct block at the head of the first user turn, before
        `Question: …`.

        Args:
            tools: In OpenAI's form, `{"type": "function", "function": {name, description,
                parameters}}`.
        """

    @abstractmethod
    def write_reply(self, text: str, calls: Sequence[Called] = ()) -> str:
        """An assistant turn's words with its calls."""

    @abstractmethod
    def write_result(self, *, name: str, text: str) -> tuple[str, str]:
        """What stands before and after a result's own text and images.

        The text itself goes through `neutral` before it's put between.

        Args:
            name: Of the tool that was called.
            text: The result's text.
        """

    @abstractmethod
    def stream(self, *, thinking: bool = False, tools: Sequence[JsonObject] = ()) -> ToolCallStream:
        """Takes one reply apart.

        Args:
            thinking: Whether the prompt already opened `<think>`.
            tools: As for `instructions`; values written as text are read by their schemas.
        """


class _Hermes(ToolWriter):
    @override
    def instructions(self, tools: Sequence[JsonObject]) -> str:
        return _HERMES.format(tools="\n".join(map(_json, tools))) if tools else ""

    @override
    def write_reply(self, text: str, calls: Sequence[Called] = ()) -> str:
        written = [self._call(call) for call in calls]
        return "\n".join([*([neutral(text)] if text else []), *written])

    def _call(self, call: Called) -> str:
        said: JsonObject = {"name": call.name, "arguments": dict(call.arguments)}
        return f"<tool_call>\n{_json(said)}\n</tool_call>"

    @override
    def write_result(self, *, name: str, text: str) -> tuple[str, str]:
        return "<tool_response>\n", "\n</tool_response>"

    @override
    def stream(self, *, thinking: bool = False, tools: Sequence[JsonObject] = ()) -> ToolCallStream:
        return TagStream(schemas_of(tools), bare=False, thinking=thinking)


class _Xml(_Hermes):
    @override
    def instructions(self, tools: Sequence[JsonObject]) -> str:
        return _XML.format(tools="\n".join(map(_json, tools))) if tools else ""

    @override
    def write_reply(self, text: str, calls: Sequence[Called] = ()) -> str:
        written = "\n".join(self._call(call) for call in calls)
        return "\n\n".join(part for part in (neutral(text), written) if part)

    def _call(self, call: Called) -> str:
        values = "".join(
            f"<parameter={neutral(key)}>\n{self._value(value)}\n</parameter>\n"
            for key, value in call.arguments.items()
        )
        return f"<tool_call>\n<function={neutral(call.name)}>\n{values}</function>\n</tool_call>"

    def _value(self, value: object) -> str:
        return neutral(value) if isinstance(value, str) else _json(value)

    @override
    def stream(self, *, thinking: bool = False, tools: Sequence[JsonObject] = ()) -> ToolCallStream:
        return TagStream(schemas_of(tools), bare=True, thinking=thinking)


class _React(ToolWriter):
    @property
    @override
    def stop(self) -> tuple[str, ...]:
        return ("Observation:", "Observation：")

    @property
    @override
    def result_role(self) -> Literal["user", "assistant"]:
        return "assistant"

    @override
    def instructions(self, tools: Sequence[JsonObject]) -> str:
        functions = [_function(tool) for tool in tools]
        names = ",".join(neutral(str(function.get("name"))) for function in functions)
        if not tools:
            return ""
        return _REACT.format(tools="\n\n".join(map(self._told, functions)), names=names)

    def _told(self, function: Mapping[str, object]) -> str:
        name = neutral(str(function.get("name")))
        what = neutral(str(function.get("description") or "").strip())
        return (
            f"{name}: Call this tool to interact with the {name} API. "
            f"What is the {name} API useful for? {what} "
            f"Parameters: {_json(function.get('parameters') or {})} "
            "Format the arguments as a JSON object."
        )

    @override
    def write_reply(self, text: str, calls: Sequence[Called] = ()) -> str:
        said = neutral(text)
        if not calls:
            return f"Thought: I now know the final answer.\nFinal Answer: {said}"
        written = [
            f"Action: {neutral(call.name)}\nAction Input: {_json(dict(call.arguments))}"
            for call in calls
        ]
        return "\n".join([*([f"Thought: {said}"] if said else []), *written])

    @override
    def write_result(self, *, name: str, text: str) -> tuple[str, str]:
        return "Observation: ", ""

    @override
    def stream(self, *, thinking: bool = False, tools: Sequence[JsonObject] = ()) -> ToolCallStream:
        return ReactStream(thinking=thinking)


def tool_writer(format: ToolFormat) -> ToolWriter:  # noqa: A002 - the word the families use
    """The writer of a format."""
    match format:
        case "react":
            return _React()
        case "hermes":
            return _Hermes()
        case "xml":
            return _Xml()


def _function(tool: JsonObject) -> JsonObject:
    function = tool.get("function", tool)
    return cast("JsonObject", function) if isinstance(function, dict) else {}


def _json(value: object) -> str:
    """JSON in which no marker stands: `<` is an escape where one could begin."""
    return _TOKEN.sub(r"\\u003c", json.dumps(value, ensure_ascii=False))
