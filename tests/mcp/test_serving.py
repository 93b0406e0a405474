"""`deixis mcp` with a real client, over both transports and both eras of the protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ImageContent, TextContent
from PIL import Image

from tests.mcp.servers import ROOT, free_port, running

SIGN = "examples/images/hospital_zh.jpg"
MAP = "examples/maps/hospital"
TOKEN = "a-long-token"
COMMAND = [sys.executable, "-m", "deixis.agents.cli", "mcp"]
ENT = [437.0, 302.0, 565.0, 348.0]


@asynccontextmanager
async def over_stdio(
    *arguments: str, cwd: Path = ROOT, mode: str = "auto"
) -> AsyncGenerator[Client]:
    """A client that starts the command, as desktop programs do."""
    command, *rest = [*COMMAND, *arguments]
    env = {"PYTHONPATH": str(ROOT / "src"), **_caches()}
    async with Client(
        StdioServerParameters(command=command, args=rest, cwd=cwd, env=env), mode=mode
    ) as client:
        yield client


def _caches() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key.startswith("DEIXIS_")}


async def called(client: Client, tool: str, **said: Any) -> dict[str, Any]:
    """The structured content of a call that went well."""
    answer = await client.call_tool(tool, said)
    assert not answer.is_error, answer.content
    structured = answer.structured_content
    assert structured is not None
    return structured


async def refused(client: Client, tool: str, **said: Any) -> str:
    """The one line of a call that didn't."""
    answer = await client.call_tool(tool, said)
    assert answer.is_error
    assert answer.structured_content is None
    (block,) = answer.content
    assert isinstance(block, TextContent)
    assert "\n" not in block.text
    assert "Traceback" not in block.text
    return block.text


def pictures(answer: CallToolResult) -> list[Image.Image]:
    return [
        Image.open(BytesIO(base64.b64decode(block.data)))
        for block in answer.content
        if isinstance(block, ImageContent)
    ]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_tools_are_listed_with_schemas_of_what_they_take_and_give(mode: str) -> None:
    async with over_stdio("--map", MAP, mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(tools) == [
        *("read_text", "ground", "zoom", "translate", "ask", "find_place", "route")
    ]
    assert tools["ground"].input_schema["required"] == ["image", "phrase"]
    assert all(tool.output_schema for tool in tools.values())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_sign_is_read_found_on_and_asked_by_the_handle_it_got(mode: str) -> None:
    async with over_stdio(mode=mode) as client:
        read = await called(client, "read_text", image=SIGN)
        handle = read["image"]["handle"]
        found = await called(client, "ground", image=handle, phrase="ENT")
        answer = await called(client, "ask", question="Where should I go for ENT?", images=[handle])
    assert read["image"] == {"handle": "img_1", "width": 1600, "height": 1200}
    line = next(line for line in read["lines"] if line["text"] == "耳鼻喉科")
    assert line["box"] == ENT
    assert found["detections"][0]["box"] == ENT
    assert answer["answer"] == "ENT (耳鼻喉科) is on 4F."
    assert answer["facts"]["floor"] == "4F"
    assert answer["detections"][0]["box"] == ENT
    assert answer["detections"][0]["image"] == handle


async def test_a_cut_is_a_picture_and_places_on_it_are_in_the_whole_one() -> None:
    async with over_stdio() as client:
        cut = await client.call_tool(
            "zoom", {"image": SIGN, "region": {"x1": 420, "y1": 290, "x2": 600, "y2": 360}}
        )
        (picture,) = pictures(cut)
        structured = cut.structured_content
        assert structured is not None
        found = await called(
            client, "ground", image=structured["image"]["handle"], phrase="耳鼻喉科"
        )
    assert structured["of"]["handle"] == "img_1"
    assert structured["region"] == [420, 290, 600, 360]
    assert picture.size == (720, 280)
    assert found["image"]["handle"] == "img_1"
    box = found["detections"][0]["box"]
    assert all(abs(value - wanted) < 12 for value, wanted in zip(box, ENT, strict=True))


async def test_only_lines_within_a_region_are_read_where_one_is_given() -> None:
    region = {"x1": 430, "y1": 295, "x2": 570, "y2": 355}
    async with over_stdio() as client:
        read = await called(client, "read_text", image=SIGN, region=region)
    assert [line["text"] for line in read["lines"]] == ["耳鼻喉科"]


async def test_a_building_is_looked_up_and_a_way_comes_with_its_plan() -> None:
    async with over_stdio("--map", MAP) as client:
        found = await called(client, "find_place", query="my ear hurts")
        way = await client.call_tool("route", {"to": "ENT", "start": "Pharmacy"})
    assert found["places"][0]["name"] == "ENT"
    assert way.structured_content is not None
    steps = [step["instruction"] for step in way.structured_content["steps"]]
    assert steps[0] == "Leave the Pharmacy and turn right."
    assert len(pictures(way)) == 1


async def test_a_text_is_translated() -> None:
    async with over_stdio() as client:
        told = await called(client, "translate", text="耳鼻喉科", to="en")
    assert told["translation"] == "ENT"


async def test_the_image_itself_may_be_given() -> None:
    data = base64.b64encode((ROOT / "examples/images/street_sign.jpg").read_bytes()).decode()
    async with over_stdio() as client:
        coded = await called(client, "read_text", image=data)
        uri = await called(client, "read_text", image=f"data:image/jpeg;base64,{data}")
    assert coded["lines"] == uri["lines"]
    assert coded["image"]["handle"] == uri["image"]["handle"] == "img_1"


async def test_a_page_of_a_document_is_read() -> None:
    async with over_stdio() as client:
        read = await called(client, "read_text", image="examples/images/form.pdf")
        told = await refused(client, "read_text", image="examples/images/form.pdf", page=99)
    assert read["lines"]
    assert "page" in told


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    """A folder with a picture, beside one that isn't allowed, and links out of it."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    for folder in (inside, outside):
        Image.new("RGB", (40, 30), "white").save(folder / "white.png")
    (inside / "link.png").symlink_to(outside / "white.png")
    (inside / "way").symlink_to(outside)
    (inside / "own.png").symlink_to(inside / "white.png")
    return inside


async def test_paths_lead_into_the_allowed_folder_only(allowed: Path) -> None:
    out = "this path isn't in a folder that the server may read"
    async with over_stdio("--allow", str(allowed)) as client:
        for path in ("white.png", "own.png", str(allowed / "white.png")):
            assert (await called(client, "read_text", image=path))["image"]["width"] == 40
        for path in (
            *("../outside/white.png", "../outside/nothing.png", "link.png", "way/white.png"),
            *(str(allowed.parent / "outside" / "white.png"), "/etc/passwd", "/"),
        ):
            assert out in await refused(client, "read_text", image=path)
        assert "there is no file ~" in await refused(client, "read_text", image="~/white.png")


BAD: list[tuple[dict[str, Any], str]] = [
    ({"image": "http://127.0.0.1:9/a.png"}, "isn't public"),
    ({"image": "http://[::1]/a.png"}, "isn't public"),
    ({"image": "file:///etc/passwd"}, "only http(s) URLs and data URIs are fetched"),
    ({"image": "ftp://example.org/a.png"}, "only http(s) URLs and data URIs are fetched"),
    ({"image": "img_9"}, "there is no image 'img_9': the images are none yet"),
    ({"image": "README.md"}, "README.md holds text, not an image"),
    ({"image": "nothing.png"}, "there is no file nothing.png"),
    ({"image": "\0"}, "this path isn't read"),
    ({"image": " "}, "the image is empty"),
    ({"image": "A" * 4001}, "isn't valid base64"),
    ({"image": "no\n" * 2000 + "!"}, "neither a path, a URL, a data URI nor base64"),
    ({}, "wrong arguments: image: field required"),
    ({"image": SIGN, "page": 0}, "page: input should be greater than or equal to 1"),
    ({"image": SIGN, "pages": 2}, "pages: extra inputs are not permitted"),
    ({"image": SIGN, "region": {"x1": 9, "y1": 0, "x2": 1, "y2": 1}}, "the top left corner"),
]


async def test_bad_input_is_one_clear_line() -> None:
    async with over_stdio() as client:
        for said, told in BAD:
            assert told in await refused(client, "read_text", **said)


async def test_what_cannot_be_done_is_one_clear_line() -> None:
    tiny = {"x1": 0, "y1": 0, "x2": 2, "y2": 2}
    async with over_stdio("--map", MAP) as client:
        assert "under 4 pixels" in await refused(client, "zoom", image=SIGN, region=tiny)
        assert "Chinese and English" in await refused(client, "translate", text="x", to="fr")
        assert "is not on the map" in await refused(client, "route", to="Nowhere")
        assert "there is no such tool" in await refused(client, "delete_everything")


async def test_progress_is_told_to_who_asks_for_it() -> None:
    heard: list[tuple[float, str | None]] = []

    async def told(progress: float, total: float | None = None, message: str | None = None) -> None:
        heard.append((progress, message))

    async with over_stdio() as client:
        await client.call_tool("read_text", {"image": SIGN}, progress_callback=told)
    assert heard[0] == (0, "read_text: begun")
    assert [done for done, _ in heard] == list(range(len(heard)))


def test_stdout_carries_the_protocol_only(tmp_path: Path) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    done = subprocess.run(
        COMMAND,
        input=f"not json\n{json.dumps(hello)}\n",
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [reply.get("id") for reply in replies if "result" in reply] == [1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--http", "0", "--host", "0.0.0.0"], "give a --token, or listen at 127.0.0.1"),
        (["--http", "0", "--host", "::"], "give a --token, or listen at 127.0.0.1"),
        (["--http", "0", "--token", " "], "the token is empty"),
        (["--json"], "over stdio stdout is the protocol's"),
        (["--allow", "nowhere"], "nowhere is no folder"),
        (["--map", "nowhere"], "nowhere: is not there"),
        (["--model", "nothing"], "nothing"),
    ],
)
def test_a_command_that_cannot_be_meant_is_one_line_and_2(arguments: list[str], told: str) -> None:
    done = subprocess.run(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def address() -> Generator[str]:
    """The server over HTTP, with a token."""
    port = free_port()
    command = [*COMMAND, "--http", str(port), "--token", TOKEN]
    with running(command, port):
        yield f"http://127.0.0.1:{port}/mcp"


@asynccontextmanager
async def over_http(url: str, *, mode: str = "auto") -> AsyncGenerator[Client]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    http = httpx2.AsyncClient(headers=headers, timeout=60)
    async with http, Client(streamable_http_client(url, http_client=http), mode=mode) as client:
        yield client


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_over_http_handles_hold_from_call_to_call(address: str, mode: str) -> None:
    async with over_http(address, mode=mode) as client:
        read = await called(client, "read_text", image=SIGN)
        found = await called(client, "ground", image=read["image"]["handle"], phrase="ENT")
    assert found["detections"][0]["box"] == ENT
    assert found["detections"][0]["image"] == read["image"]["handle"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_one_clients_handles_are_nothing_to_another(address: str, mode: str) -> None:
    async with over_http(address, mode=mode) as one, over_http(address, mode=mode) as other:
        await called(one, "read_text", image=SIGN)
        told = await refused(other, "zoom", image="img_1", region=_anything())
        mine = await called(other, "read_text", image="examples/images/street_sign.jpg")
        again = await called(one, "read_text", image=SIGN)
    assert "there is no" in told
    assert mine["image"]["handle"].endswith("img_1")
    assert again["image"]["width"] == 1600


def _anything() -> dict[str, int]:
    return {"x1": 0, "y1": 0, "x2": 100, "y2": 100}


async def test_calls_of_many_clients_side_by_side(address: str) -> None:
    async def one(to: str) -> str:
        async with over_http(address) as client:
            return (await called(client, "translate", text="耳鼻喉科", to=to))["translation"]

    told = await asyncio.gather(*(one(to) for to in ["en", "zh"] * 4))
    assert list(told) == ["ENT", "耳鼻喉科"] * 4


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": f"Bearer {TOKEN}", "Origin": "https://evil.example"}, 403),
        ({"Authorization": f"Bearer {TOKEN}", "Host": "evil.example"}, 421),
    ],
)
def test_who_has_no_business_there_is_kept_out(
    address: str, headers: dict[str, str], status: int
) -> None:
    answer = httpx2.post(
        address,
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        headers={"Accept": "application/json, text/event-stream", **headers},
    )
    assert answer.status_code == status
    assert TOKEN not in answer.text


def test_a_request_that_is_too_large_is_refused_unread(address: str) -> None:
    answer = httpx2.post(
        address,
        content=b"[" + b" " * 30_000_000,
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    assert answer.status_code == 413
