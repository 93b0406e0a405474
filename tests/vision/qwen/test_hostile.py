"""Replies that are long, hostile or torn: read in time that grows with their length, no errors."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from deixis.vision import parse_places
from deixis.vision.qwen import families
from tests.vision.qwen.replies import SAMPLES

SHARED = Path(__file__).parents[3].parent / "shared" / "grounding" / "replies.jsonl"
MEGABYTE = 1_000_000
# A quadratic reader would need hours for one of these; the bound is for a slow machine.
BOUND_S = 240
HOSTILE = [
    "[", "{", "(", "]", "<", "`", '"', " ", "\n", "9", "\ud83d", "\\",
    '"bbox_2d": [', '{"bbox_2d": [1,2,3,4],', '{"bbox_2d":[1,2,3,4],"label":"a"},', '{"a":', "[{(",
    '["', "['", '["\\', '["\n', '[" ', "<box>", "<|box_start|>", "<ref>a", "(1,2)",
    "(10,20),(30,40)",
    "<ref>a</ref><box>(1,2),(3,4)", '<p data-bbox="', '<p data-bbox="1 2 3 4">', '<points x1="1" ',
    '<div><p data-bbox="1 2 3 4">x', '<points x1="1" y1="2">', 'x1="1" y1="2" ', "<think>",
    "<tool_call>\n<function=a>", "<function=a><parameter=b>", "start_box='", "<!-- Image (",
    '{"bbox":[', '{"name":"a","arguments":"{\\"x\\":', "[1,2,3,4]", "(1,2,3,4)", "bbox ",
    "```json\n[",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("piece", HOSTILE, ids=range(len(HOSTILE)))
def test_a_megabyte_of_anything_is_read_in_time(piece: str) -> None:
    code = (
        "import sys; from deixis.vision import dropped_places\n"
        f"reply = {piece!r} * ({MEGABYTE} // len({piece!r}))\n"
        "dropped_places(reply, 'qwen3-vl', image_size=(640, 480))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=BOUND_S)


def torn(rng: random.Random, reply: str, other: str) -> str:
    """A reply with one to three slices deleted, doubled, moved, swapped with another's, cut."""
    for _ in range(rng.randint(1, 3)):
        size = len(reply)
        a, b = sorted((rng.randint(0, size), rng.randint(0, size)))
        b = min(b, a + rng.choice((1, 1, 3, 20, 200)))
        match rng.randrange(7):
            case 0:
                reply = reply[:a] + reply[b:]
            case 1:
                reply = reply[:b] + reply[a:]
            case 2:
                reply = reply[:a]
            case 3:
                reply = reply[:a] + rng.choice("[]{}()\"',:<>|`\\ \n0-.e\0\ud83d") + reply[a:]
            case 4 if size:
                at = min(a, size - 1)
                reply = reply[:at] + chr(ord(reply[at]) ^ (1 << rng.randrange(7))) + reply[at + 1 :]
            case 5:
                reply = reply[:a] + other[rng.randint(0, len(other)) :]
            case _:
                reply = reply[b:] + reply[:a]
    return reply


def originals() -> list[str]:
    replies = [sample.reply for sample in SAMPLES]
    if SHARED.exists():
        lines = SHARED.read_text("utf-8").splitlines()
        # The shorter ones: each kind of format is among them.
        replies += [said for line in lines if len(said := str(json.loads(line)["reply"])) < 600]
    return replies


@pytest.mark.slow
def test_a_hundred_thousand_torn_replies() -> None:
    rng = random.Random(3)
    replies, names = originals(), families()
    size = (640, 480)
    places = 0
    for number in range(100_000):
        reply = torn(rng, rng.choice(replies), rng.choice(replies))
        found = parse_places(reply, names[number % len(names)], image_size=size)
        places += len(found)
        for detection in found:
            assert detection.box is None or detection.box.inside(size), reply
            assert detection.point is None or detection.point.inside(size), reply
    assert places > 10_000  # torn, but not so far that nothing is left to be wrong
