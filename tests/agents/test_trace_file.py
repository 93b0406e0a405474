"""A trace as a file: there whatever happens, readable by others, and read again."""

from __future__ import annotations

import copy
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1 import trace_pb2

from deixis.agents import VisionAgent
from deixis.agents.tracing import TraceError, TraceFile, read_trace
from deixis.testing import Call, Fail, Say, ScriptedModel
from deixis.tools import tool
from deixis.vision import VisionImage
from tests.agents.helpers import blank


@tool
def note(text: str) -> str:
    """Notes a text."""
    return f"noted {text}"


NOTE = Call("note", {"text": "a"})


def traced(path: Path, *steps: Any, images: list[VisionImage] | None = None) -> dict[str, Any]:
    with TraceFile(path) as trace:
        agent = VisionAgent(ScriptedModel(list(steps)), tools=[note], tracing=trace.tracing)
        agent.ask("Go.", images or [])
    return json.loads(path.read_text("utf-8"))


def spans_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    return document["resourceSpans"][0]["scopeSpans"][0]["spans"]


def test_the_file_is_opentelemetry_s_own_json(tmp_path: Path) -> None:
    traced(tmp_path / "out.json", NOTE, Say("Done."))
    read = trace_pb2.TracesData()
    text = (tmp_path / "out.json").read_text("utf-8")
    json_format.Parse(text, read, ignore_unknown_fields=True)
    spans = read.resource_spans[0].scope_spans[0].spans
    assert [span.name for span in spans][:2] == ["invoke_agent agent", "step 1"]
    told = {a.key: a.value for a in spans[0].attributes}
    assert told["deixis.found"].bool_value is False
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in spans)


def test_pictures_lie_beside_it_under_their_hashes_and_none_is_in_it(tmp_path: Path) -> None:
    picture = blank()
    document = traced(tmp_path / "out.json", Say("Done."), images=[picture])
    (image,) = document["images"]
    assert (tmp_path / "out.images" / image["file"]).read_bytes() == picture.data
    assert image["sha256"] == picture.sha256
    assert (image["width"], image["height"]) == picture.size
    seen = {span["spanId"]: span["name"] for span in spans_of(document)}
    assert [(seen[s["span"]], s["image"]) for s in image["seen"]] == [
        ("invoke_agent agent", "img_1")
    ]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    traced(tmp_path / "out.json", Say("Done."), images=[blank()])
    for path in [tmp_path / "out.json", *(tmp_path / "out.images").iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "out.images").stat().st_mode) == 0o700


@pytest.mark.parametrize("error", [ValueError("bad luck"), KeyboardInterrupt()])
def test_a_run_that_fails_or_is_interrupted_is_in_the_file(
    tmp_path: Path, error: BaseException
) -> None:
    @tool
    def fail() -> str:
        """Fails."""
        raise error

    steps = [Call("fail"), Fail(ValueError("bad luck"))]
    with pytest.raises(type(error)), TraceFile(tmp_path / "out.json") as trace:
        VisionAgent(ScriptedModel(steps), tools=[fail], tracing=trace.tracing).ask("Go.")
    (root,) = read_trace(tmp_path / "out.json").roots
    assert root.name == "agent"
    assert root.error is not None
    assert [node.kind for node in root.walk()][:4] == ["agent", "step", "model", "tool"]


KILLED = """
import sys, time
from deixis.agents import VisionAgent
from deixis.agents.tracing import TraceFile
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import tool

@tool
def wait(seconds: float) -> str:
    "Waits."
    print("waiting", flush=True)
    time.sleep(seconds)
    return "waited"

with TraceFile(sys.argv[1]) as trace:
    steps = [Call("wait", {"seconds": 600}), Say("Done.")]
    VisionAgent(ScriptedModel(steps), tools=[wait], tracing=trace.tracing).ask("Go.")
"""


def test_a_run_that_is_killed_leaves_what_it_has_done(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    command = [sys.executable, "-c", KILLED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while not path.exists() or "execute_tool wait" not in path.read_text("utf-8"):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    (root,) = read_trace(path).roots
    assert root.attributes["deixis.unfinished"] is True
    (call,) = [node for node in root.walk() if node.kind == "tool"]
    assert "600" in call.text("gen_ai.tool.call.arguments")
    assert [node.kind for node in root.walk()] == ["agent", "step", "model", "tool"]
    assert [left.name for left in tmp_path.iterdir()] == ["out.json"]


def test_the_pictures_of_the_trace_before_go_and_other_files_stay(tmp_path: Path) -> None:
    traced(tmp_path / "out.json", Say("Done."), images=[blank(shade=1)])
    (tmp_path / "out.images" / "mine.txt").write_text("mine", "utf-8")
    document = traced(tmp_path / "out.json", Say("Done."), images=[blank(shade=2)])
    left = {path.name for path in (tmp_path / "out.images").iterdir()}
    assert left == {"mine.txt", document["images"][0]["file"]}


def test_settings_for_another_exporter_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3")
    monkeypatch.setenv("OTEL_ATTRIBUTE_COUNT_LIMIT", "1")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "who=ann")
    document = traced(tmp_path / "out.json", NOTE, Say("Done."))
    assert len(spans_of(document)) == 6
    assert "noted a" in json.dumps(document)
    assert "ann" not in json.dumps(document["resourceSpans"][0]["resource"])


def test_where_opentelemetry_is_switched_off_it_says_so_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with pytest.raises(TraceError, match="OTEL_SDK_DISABLED"):
        TraceFile(tmp_path / "out.json")


def test_what_cannot_be_written_is_refused_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "taken.images").write_text("a file", "utf-8")
    for path in (tmp_path / "no" / "out.json", tmp_path, tmp_path / "taken.json"):
        with pytest.raises(TraceError):
            TraceFile(path)


def test_an_error_of_the_run_is_not_hidden_by_one_of_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    trace = TraceFile(folder / "out.json")
    folder.rmdir()
    with pytest.raises(ValueError, match="bad luck"), trace:
        raise ValueError("bad luck")


def test_a_trace_that_cannot_be_written_at_the_end_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    with pytest.raises(TraceError, match="can't be written"), TraceFile(folder / "out.json"):
        folder.rmdir()


def test_it_is_read_again_as_a_tree_with_its_pictures(tmp_path: Path) -> None:
    picture = blank()
    place = {"label": "sign", "bbox_2d": [1, 2, 30, 40]}
    traced(tmp_path / "out.json", NOTE, Say("Done.", places=[place]), images=[picture])
    trace = read_trace(tmp_path / "out.json")
    (root,) = trace.roots
    assert [(node.kind, node.name) for node in root.walk()] == [
        ("agent", "agent"),
        ("step", "1"),
        ("model", "scripted"),
        ("tool", "note"),
        ("step", "2"),
        ("model", "scripted"),
    ]
    (found,) = root.places("deixis.result.places")
    assert found.box is not None
    assert found.box.xyxy == (1, 2, 30, 40)
    image = trace.image("img_1", [root])
    assert image is not None
    loaded = image.load()
    assert loaded is not None
    assert loaded.sha256 == picture.sha256


def test_a_handle_is_that_of_the_run_in_which_it_is_named(tmp_path: Path) -> None:
    first, second = blank(shade=1), blank(shade=2)
    with TraceFile(tmp_path / "out.json") as trace:
        model = ScriptedModel([Say("One."), Say("Two.")])
        agent = VisionAgent(model, tools=[], tracing=trace.tracing)
        agent.ask("Go.", first)
        agent.ask("Go.", second)
    read = read_trace(tmp_path / "out.json")
    found = [read.image("img_1", [root]) for root in read.roots]
    assert [image.sha256 for image in found if image] == [first.sha256, second.sha256]


def test_a_picture_that_was_exchanged_or_lies_elsewhere_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    document = traced(path, Say("Done."), images=[blank(shade=1)])
    name = document["images"][0]["file"]
    (tmp_path / "out.images" / name).write_bytes(blank(shade=9).data)
    (image,) = read_trace(path).images
    assert image.load() is None
    document["images"][0]["file"] = "../../etc/passwd"
    path.write_text(json.dumps(document), "utf-8")
    (image,) = read_trace(path).images
    assert image.file is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[1]", "no trace"),
        ('{"resourceSpans": []}', "no trace"),
        ('{"deixis_trace": 99}', "version 99"),
        ('{"deixis_trace": 1, "resourceSpans": 5}', "damaged"),
        ('{"deixis_trace": 1, "resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}', "damaged"),
    ],
)
def test_what_is_no_trace_is_told_in_a_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text, "utf-8")
    with pytest.raises(TraceError, match=why) as raised:
        read_trace(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("shape", ["ring", "itself", "chain", "twice"])
def test_spans_that_make_no_tree_are_refused(tmp_path: Path, shape: str) -> None:
    document = traced(tmp_path / "out.json", Say("Done."))
    spans = spans_of(document)
    if shape == "ring":
        spans[0]["parentSpanId"] = spans[-1]["spanId"]
    elif shape == "itself":
        spans[0]["parentSpanId"] = spans[0]["spanId"]
    elif shape == "twice":
        spans.append(spans[0])
    else:
        for number in range(200):
            above, name = spans[-1]["spanId"], f"{number:016x}"
            spans.append({**spans[-1], "parentSpanId": above, "spanId": name})
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(TraceError, match="damaged"):
        read_trace(path)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return traced(tmp_path_factory.mktemp("t") / "out.json", NOTE, Say("Done."), images=[blank()])


JUNK = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just([])


def spoil(where: Any, data: st.DataObject) -> None:
    """Puts something else in one place, however deep."""
    keys: list[Any] = list(where) if hasattr(where, "keys") else [*range(len(where))]
    key = data.draw(st.sampled_from(keys))
    inside = hasattr(where[key], "__len__") and not isinstance(where[key], str)
    if inside and len(where[key]) and data.draw(st.integers(0, 9)):
        spoil(where[key], data)
    else:
        where[key] = data.draw(JUNK)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_is_changed_in_it_is_shown_or_refused(
    tmp_path: Path, written: dict[str, Any], data: st.DataObject
) -> None:
    from deixis.agents.tracing._commands import trace_json
    from deixis.agents.tracing._page import page
    from deixis.agents.tracing._text import tree

    document = copy.deepcopy(written)
    for _ in range(data.draw(st.integers(1, 4))):
        spoil(document, data)
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(document), "utf-8")
    try:
        read = read_trace(path)
    except TraceError:
        return
    json.dumps(trace_json(read))
    assert list(tree(read))
    assert page(read, name="odd").endswith("</html>\n")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="can't be read"):
        read_trace(tmp_path / "none.json")
    with pytest.raises(TraceError, match="can't be read"):
        read_trace(tmp_path)
    assert os.listdir(tmp_path) == []  # noqa: PTH208
