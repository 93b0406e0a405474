"""What a run is as spans: who within whom, with which numbers, whatever happens."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent import futures
from typing import Any, cast

import grpc
import pytest
from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain_core.messages import AIMessage, HumanMessage
from opentelemetry import trace as api
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import StatusCode

from deixis.agents import Decision, Handover, PendingCall, Restarted, VisionAgent
from deixis.agents.tracing import Tracing, TracingMiddleware
from deixis.testing import BadCall, Call, Fail, Say, ScriptedModel
from deixis.tools import NewImage, ToolContext, ToolResult, tool
from deixis.vision import Point, ToolError, VisionImage
from tests.agents.helpers import Whole, blank
from tests.agents.spans import Recorded, parsed, told
from tests.serving.scripted import scripted_server, stream
from tests.vision.endpoint.helpers import endpoint

NOTE = Call("note", {"text": "a"})


@tool
def note(text: str) -> str:
    """Notes a text."""
    return f"noted {text}"


@tool
def broken() -> str:
    """Fails."""
    raise ToolError("there is no paper")


@tool
def poke(at: Point) -> str:
    """Pokes."""
    return f"poked {at.x:g}"


@tool(approval=True)
def press(at: Point) -> str:
    """Presses a button."""
    return f"pressed {at.x:g}"


def allowing(call: PendingCall) -> bool:
    return call.name == "press"


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


def agent(recorded: Recorded, *steps: Any, tools: Any = (note,), **given: Any) -> VisionAgent:
    content = given.pop("content", False)
    tracing = recorded.tracing(content=content)
    return VisionAgent(ScriptedModel(list(steps)), tools=list(tools), tracing=tracing, **given)


def test_a_run_is_its_steps_with_their_calls(recorded: Recorded) -> None:
    agent(recorded, NOTE, Say("Done.")).ask("Go.")
    assert recorded.outline().splitlines() == [
        "invoke_agent agent",
        "  step 1",
        "    chat scripted",
        "    execute_tool note",
        "  step 2",
        "    chat scripted",
    ]


async def test_an_asynchronous_run_is_the_same(recorded: Recorded) -> None:
    agent(recorded, NOTE, Say("Done.")).ask("Go.")
    before = recorded.outline()
    recorded.exporter.clear()
    await agent(recorded, NOTE, Say("Done.")).aask("Go.")
    assert recorded.outline() == before


def test_without_tracing_nothing_of_it_is_even_loaded() -> None:
    code = (
        "import sys\n"
        "from deixis.agents import VisionAgent\n"
        "from deixis.testing import Say, ScriptedModel\n"
        "VisionAgent(ScriptedModel([Say('Done.')]), tools=[]).ask('Go.')\n"
        "print(*(name for name in sys.modules if name.startswith('deixis.agents.tracing')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_an_agent_that_is_not_traced_leaves_a_program_s_own_spans_alone(recorded: Recorded) -> None:
    with recorded.provider.get_tracer("mine").start_as_current_span("mine"):
        VisionAgent(ScriptedModel([NOTE, Say("Done.")]), tools=[note]).ask("Go.")
    assert recorded.outline() == "mine"


def test_a_run_belongs_to_the_span_that_is_current_where_it_is_asked(recorded: Recorded) -> None:
    with recorded.provider.get_tracer("mine").start_as_current_span("mine"):
        agent(recorded, Say("Done.")).ask("Go.")
    assert recorded.outline().splitlines()[:2] == ["mine", "  invoke_agent agent"]


def test_a_call_of_a_model_has_the_names_of_the_conventions(recorded: Recorded) -> None:
    agent(recorded, Say("Done.")).ask("Go.", blank(), thread="t")
    chat, run = recorded.one("chat scripted"), recorded.one("invoke_agent agent")
    assert told(chat, "gen_ai.operation.name") == "chat"
    assert told(chat, "gen_ai.request.model") == "scripted"
    assert told(chat, "gen_ai.agent.name") == "agent"
    assert told(chat, "deixis.images") == ("img_1",)
    assert chat.kind.name == "CLIENT"
    assert told(run, "gen_ai.operation.name") == "invoke_agent"
    assert told(run, "gen_ai.conversation.id") == "t"


def test_tokens_are_those_that_the_model_counted(recorded: Recorded) -> None:
    counted: Any = {
        "input_tokens": 90,
        "output_tokens": 7,
        "total_tokens": 97,
        "input_token_details": {"cache_read": 50},
        "output_token_details": {"reasoning": 3},
    }
    said = AIMessage("Done.", usage_metadata=counted, response_metadata={"finish_reason": "stop"})
    tracing = recorded.tracing()
    VisionAgent(Whole(responses=[said]), tools=[], tracing=tracing).ask("Go.")
    (chat,) = recorded.all("chat")
    assert told(chat, "gen_ai.usage.input_tokens") == 90
    assert told(chat, "gen_ai.usage.output_tokens") == 7
    assert told(chat, "gen_ai.usage.cache_read.input_tokens") == 50
    assert told(chat, "gen_ai.usage.reasoning.output_tokens") == 3
    assert told(chat, "gen_ai.response.finish_reasons") == ("stop",)
    assert told(chat, "deixis.usage.estimated") is None


def test_a_server_s_count_of_tokens_comes_with_a_stream_too(recorded: Recorded) -> None:
    key, counted = "Trout-and-moss-77", {"prompt_tokens": 90, "completion_tokens": 7}
    with (
        scripted_server(stream("Do", "ne.", usage=counted)) as server,
        endpoint(server.base_url, api_key=key) as model,
    ):
        VisionAgent(model, tools=[], tracing=recorded.tracing(content=True)).ask(f"Is {key} one?")
    (chat,) = recorded.all("chat")
    assert told(chat, "gen_ai.usage.input_tokens") == 90
    assert told(chat, "gen_ai.usage.output_tokens") == 7
    assert told(chat, "gen_ai.provider.name") == "openai"
    assert key not in recorded.written()


def test_tokens_that_nobody_counted_are_an_estimate_and_say_so(recorded: Recorded) -> None:
    agent(recorded, Say("Done.")).ask("Go " * 100)
    chat = recorded.one("chat scripted")
    assert told(chat, "deixis.usage.estimated") is True
    assert 100 < told(chat, "gen_ai.usage.input_tokens") < 2_000
    assert told(chat, "gen_ai.usage.output_tokens") > 0


def test_a_tool_s_call_has_its_id_and_its_places_in_original_pixels(recorded: Recorded) -> None:
    at = {"x": 12, "y": 34, "image": "img_1"}
    agent(recorded, Call("poke", {"at": at}), Say("Done."), tools=[poke]).ask("Go.", blank())
    call = recorded.one("execute_tool poke")
    assert told(call, "gen_ai.tool.name") == "poke"
    assert told(call, "gen_ai.tool.call.id") == "call_0_0"
    (place,) = parsed(call, "deixis.places")
    assert place == {"image": "img_1", "point": [12.0, 34.0], "name": "at"}


def test_the_answer_s_places_are_on_the_run_without_their_words(recorded: Recorded) -> None:
    place = {"label": "secret", "bbox_2d": [1, 2, 30, 40]}
    agent(recorded, Say("Done.", places=[place])).ask("Go.", blank())
    run = recorded.one("invoke_agent agent")
    assert parsed(run, "deixis.result.places") == [
        {"image": "img_1", "box": [1.0, 2.0, 30.0, 40.0]}
    ]
    assert told(run, "deixis.found") is True


def test_calls_at_once_stand_side_by_side_within_their_step(recorded: Recorded) -> None:
    calls = [Call("note", {"text": str(n)}) for n in range(4)]
    agent(recorded, calls, Say("Done.")).ask("Go.")
    step = recorded.all("step")[0]
    ids = {told(s, "gen_ai.tool.call.id") for s in recorded.all("execute_tool")}
    assert ids == {f"call_0_{n}" for n in range(4)}
    assert step.context is not None
    above = {s.parent.span_id for s in recorded.all("execute_tool") if s.parent}
    assert above == {step.context.span_id}


def test_a_tool_that_refuses_is_an_error_by_its_kind_alone(recorded: Recorded) -> None:
    agent(recorded, Call("broken"), Say("Sorry."), tools=[broken]).ask("Go.")
    call = recorded.one("execute_tool broken")
    assert call.status.status_code is StatusCode.ERROR
    assert told(call, "error.type") == "tool_error"
    assert "paper" not in recorded.written()


def test_a_tool_that_refuses_says_why_where_words_are_told(recorded: Recorded) -> None:
    agent(recorded, Call("broken"), Say("Sorry."), tools=[broken], content=True).ask("Go.")
    call = recorded.one("execute_tool broken")
    assert call.status.description == "Error: there is no paper"


def test_a_tool_that_does_not_exist_is_not_told_by_the_model_s_word(recorded: Recorded) -> None:
    agent(recorded, Call("mother_s_maiden_name"), Say("Sorry.")).ask("Go.")
    assert recorded.all("execute_tool")[0].name == "execute_tool (unknown)"
    assert "maiden" not in recorded.written()


def test_each_attempt_at_a_model_is_a_span_of_its_own(recorded: Recorded) -> None:
    agent(recorded, Fail(ConnectionError("gone")), Say("Done.")).ask("Go.")
    first, second = recorded.all("chat")
    assert told(first, "error.type") == "ConnectionError"
    assert told(second, "deixis.attempt") == 2
    assert second.status.status_code is StatusCode.UNSET
    assert len(recorded.all("step")) == 1


def test_a_call_that_could_not_be_read_is_asked_for_again_in_the_same_step(
    recorded: Recorded,
) -> None:
    agent(recorded, BadCall("note", "{"), Say("Done.")).ask("Go.")
    first, second = recorded.all("chat")
    assert told(first, "deixis.tool_calls.unreadable") == 1
    assert told(second, "deixis.attempt") == 2


def test_a_stream_that_begins_anew_is_told_on_the_run(recorded: Recorded) -> None:
    made = agent(recorded, Fail(ConnectionError("gone"), after="Half a wo"), Say("Done."))
    assert any(isinstance(event, Restarted) for event in made.stream("Go."))
    assert [e.name for e in recorded.one("invoke_agent agent").events] == ["deixis.restarted"]


def test_a_run_that_fails_is_told_whole_with_its_error(recorded: Recorded) -> None:
    with pytest.raises(ValueError, match="bad luck"):
        agent(recorded, NOTE, Fail(ValueError("bad luck"))).ask("Go.")
    run = recorded.one("invoke_agent agent")
    assert told(run, "error.type") == "ValueError"
    assert len(recorded.all("step")) == 2
    assert "bad luck" not in recorded.written()


def test_a_wait_for_a_person_ends_the_run_and_the_next_goes_on_with_the_step(
    recorded: Recorded,
) -> None:
    call = Call("press", {"at": {"x": 5, "y": 6}})
    made = agent(recorded, call, Say("Done."), tools=[press])
    made.ask("Go.", blank(), thread="t")
    (waiting,) = recorded.one("invoke_agent agent").events
    assert waiting.name == "deixis.approval.waiting"
    assert (waiting.attributes or {})["gen_ai.tool.name"] == "press"
    recorded.exporter.clear()
    made.resume("t", [True])
    assert recorded.outline().splitlines() == [
        "invoke_agent agent",
        "  step 1",
        "    execute_tool press",
        "  step 2",
        "    chat scripted",
    ]
    run = recorded.one("invoke_agent agent")
    assert told(run, "deixis.resumed") is True
    assert [dict(e.attributes or {})["deixis.approval.allowed"] for e in run.events] == [True]


def test_what_a_person_refuses_is_no_call_and_the_reason_is_told_with_the_words(
    recorded: Recorded,
) -> None:
    call = Call("press", {"at": {"x": 5, "y": 6}})
    made = agent(recorded, call, Say("I didn't."), tools=[press], content=True)
    made.ask("Go.", blank(), thread="t")
    recorded.exporter.clear()
    made.resume("t", [Decision(allow=False, reason="too hot")])
    (decided,) = recorded.one("invoke_agent agent").events
    assert dict(decided.attributes or {})["deixis.approval.allowed"] is False
    assert dict(decided.attributes or {})["deixis.approval.reason"] == "too hot"
    assert not recorded.all("execute_tool")


@pytest.mark.parametrize("way", ["ask", "aask"])
def test_the_time_that_an_approver_takes_is_a_span(recorded: Recorded, way: str) -> None:
    call = Call("press", {"at": {"x": 5, "y": 6}})
    made = agent(recorded, call, Say("Done."), tools=[press], approve=allowing)
    if way == "ask":
        made.ask("Go.", blank())
    else:
        asyncio.run(cast("Any", made.aask("Go.", blank())))
    asked, run = recorded.one("approval press"), recorded.one("invoke_agent agent")
    assert told(asked, "deixis.approval.allowed") is True
    assert parsed(asked, "deixis.places") == [{"image": "img_1", "point": [5.0, 6.0]}]
    assert asked.parent is not None
    assert run.context is not None
    assert asked.parent.span_id == run.context.span_id
    assert len(recorded.all("execute_tool")) == 1


@pytest.mark.parametrize("way", ["ask", "aask"])
def test_an_agent_that_another_asks_lies_within_the_call(recorded: Recorded, way: str) -> None:
    reader = VisionAgent(ScriptedModel([NOTE, Say("4F")]), tools=[note], name="reader")
    ask = Call("ask_reader", {"task": "Read."})
    made = agent(recorded, ask, Say("Done."), tools=[reader.as_tool()], name="lead")
    if way == "ask":
        made.ask("Go.")
    else:
        asyncio.run(cast("Any", made.aask("Go.")))
    assert recorded.outline().splitlines() == [
        "invoke_agent lead",
        "  step 1",
        "    chat scripted",
        "    execute_tool ask_reader",
        "      invoke_agent reader",
        "        step 1",
        "          chat scripted",
        "          execute_tool note",
        "        step 2",
        "          chat scripted",
        "  step 2",
        "    chat scripted",
    ]
    assert len({s.context.trace_id for s in recorded.spans if s.context}) == 1


def test_two_agents_asked_at_once_each_lie_within_their_own_call(recorded: Recorded) -> None:
    def member(name: str) -> Any:
        return VisionAgent(ScriptedModel([NOTE, Say(name)]), tools=[note], name=name).as_tool()

    both = [Call("ask_one", {"task": "Go."}), Call("ask_two", {"task": "Go."})]
    agent(recorded, both, Say("Done."), tools=[member("one"), member("two")]).ask("Go.")
    for name in ("one", "two"):
        call, run = recorded.one(f"execute_tool ask_{name}"), recorded.one(f"invoke_agent {name}")
        assert call.context is not None
        assert run.parent is not None
        assert run.parent.span_id == call.context.span_id


def test_an_inner_agent_that_waits_is_interrupted_and_no_error(recorded: Recorded) -> None:
    inner = VisionAgent(
        ScriptedModel([Call("press", {"at": {"x": 5, "y": 6}}), Say("Pressed.")]),
        tools=[press],
        name="hand",
    )
    ask = Call("ask_hand", {"task": "Press."})
    made = agent(recorded, ask, Say("Done."), tools=[inner.as_tool()])
    made.ask("Go.", blank(), thread="t")
    run = recorded.one("invoke_agent hand")
    assert told(run, "deixis.interrupted") is True
    assert all(span.status.status_code is StatusCode.UNSET for span in recorded.spans)
    made.resume("t", [True])
    assert len(recorded.all("execute_tool press")) == 1


def test_a_conversation_that_is_handed_over_says_who_speaks(recorded: Recorded) -> None:
    over = Call("hand_over", {"to": "reader", "wanted": "a sign read"})
    desk = VisionAgent(ScriptedModel([over]), tools=[], name="desk")
    reader = VisionAgent(ScriptedModel([Say("4F")]), tools=[], name="reader")
    Handover([desk, reader], tracing=recorded.tracing()).ask("Read it.")
    names = [line.strip() for line in recorded.outline().splitlines()]
    assert names == [
        "invoke_agent handover",
        "invoke_agent desk",
        "step 1",
        "chat scripted",
        "execute_tool hand_over",
        "invoke_agent reader",
        "step 2",
        "chat scripted",
    ]


def test_a_node_of_another_graph_is_a_run(recorded: Recorded) -> None:
    node = agent(recorded, Say("Done.")).node
    node.invoke({"messages": [HumanMessage("Go.")]})
    assert recorded.outline().splitlines()[0] == "invoke_agent agent"


def test_what_is_traced_is_found_in_another_library_s_spans_within(recorded: Recorded) -> None:
    tracer = recorded.provider.get_tracer("http")

    @tool
    def fetch() -> str:
        """Fetches."""
        with tracer.start_as_current_span("GET"):
            return "fetched"

    agent(recorded, Call("fetch"), Say("Done."), tools=[fetch]).ask("Go.")
    call, get = recorded.one("execute_tool fetch"), recorded.one("GET")
    assert call.context is not None
    assert get.parent is not None
    assert get.parent.span_id == call.context.span_id


def test_images_are_told_once_a_run_and_those_that_a_tool_makes_on_its_call(
    recorded: Recorded,
) -> None:
    @tool
    def crop(context: ToolContext) -> ToolResult:
        """Cuts."""
        del context
        return ToolResult(text="Cut.", images=(NewImage(image=made_image()),))

    agent(recorded, Call("crop"), NOTE, Say("Done."), tools=[crop, note]).ask("Go.", blank())
    new = [parsed(s, "deixis.images.new") for s in recorded.spans if told(s, "deixis.images.new")]
    assert sorted(image["image"] for images in new for image in images) == ["img_1", "img_2"]
    assert told(recorded.one("execute_tool crop"), "deixis.images.made") == ("img_2",)


def made_image() -> VisionImage:
    return blank(32, 24, shade=90)


def test_langchain_s_own_agents_are_traced_with_the_middleware(recorded: Recorded) -> None:
    model = Whole(responses=[AIMessage("Done.")])
    middleware = TracingMiddleware(recorded.tracing(), agent="helper")
    made: Any = cast("Any", create_agent)(model, [], middleware=[middleware])
    made.invoke({"messages": [HumanMessage("Go.")]})
    assert [span.name for span in recorded.spans] == ["chat Whole"]
    assert told(recorded.spans[0], "gen_ai.agent.name") == "helper"


def test_langsmith_s_settings_change_nothing(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGSMITH_OTEL_ENABLED", "true")
    monkeypatch.setenv("LANGSMITH_OTEL_ONLY", "true")
    agent(recorded, NOTE, Say("Done.")).ask("Go.")
    assert len(recorded.spans) == 6
    assert api.get_tracer_provider().__class__.__name__ == "ProxyTracerProvider"


def test_what_cannot_be_told_does_not_end_the_run(
    recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    def seen(record: object, store: object) -> None:
        raise OSError("no room")

    tracing = recorded.tracing(seen=seen)
    made = VisionAgent(ScriptedModel([Say("Done.")]), tools=[], tracing=tracing)
    assert made.ask("Go.", blank()).answer == "Done."
    assert "missing" in caplog.text


class _Receiver(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self) -> None:
        self.names: list[str] = []

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.names += [span.name for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()


def test_a_program_s_own_exporter_gets_the_spans() -> None:
    receiver = _Receiver()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    cast("Any", trace_service_pb2_grpc).add_TraceServiceServicer_to_server(receiver, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"127.0.0.1:{port}", insecure=True)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    try:
        tracing = Tracing(tracer_provider=provider)
        VisionAgent(ScriptedModel([NOTE, Say("Done.")]), tools=[note], tracing=tracing).ask("Go.")
    finally:
        provider.shutdown()
        server.stop(None).wait()
    assert sorted(set(receiver.names)) == [
        "chat scripted",
        "execute_tool note",
        "invoke_agent agent",
        "step 1",
        "step 2",
    ]
