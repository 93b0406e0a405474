"""The size of the prompt over fifty turns with ten pictures, kept within its budget and not.

Tokens by an estimate of text and the dialect's own count of images: both ways the same.
"""

# ruff: noqa: T201

from __future__ import annotations

from PIL import Image

from deixis.agents import AgentLimits, VisionAgent
from deixis.testing import Call, Say, ScriptedModel
from deixis.vision import QwenDialect, VisionImage, load_image
from tests.agents.prompts import counted
from tests.agents.test_window import Signs

TURNS = 50
IMAGES = 10
SHOWN = (1, 10, 20, 30, 40, 50)
FAMILY = "qwen2.5-vl"
_ANSWER = "It is on the fourth floor: take lift B beside the main entrance, then turn left. "


def run() -> None:
    """Print tokens and messages at some turns, and what is left of a prompt with everything."""
    limits = AgentLimits()
    within = prompts(limits)
    whole = prompts(AgentLimits(prompt_tokens=10**9, image_tokens=10**9))
    print(f"prompt of {FAMILY}, {TURNS} turns, {IMAGES} pictures of 1920 × 1080")
    for turn in SHOWN:
        (tokens, messages), (all_tokens, all_messages) = within[turn - 1], whole[turn - 1]
        print(
            f"  turn {turn:2}: {tokens:6,} tokens in {messages:3} messages / everything "
            f"{all_tokens:7,} in {all_messages:3} = {tokens / all_tokens:.2f}"
        )
    largest = max(tokens for tokens, _ in within)
    print(f"  largest / budget of {limits.prompt_tokens:,}: {largest / limits.prompt_tokens:.2f}")


def prompts(limits: AgentLimits) -> list[tuple[int, int]]:
    """Tokens and messages of the last prompt of each turn."""
    signs = Signs(*(f"{number}F Department of something" for number in range(30)))
    model = ScriptedModel(script(), dialect=QwenDialect(FAMILY))
    agent = VisionAgent(model, limits=limits, reader=signs)
    sizes: dict[str, tuple[int, int]] = {}
    found: list[tuple[int, int]] = []
    for turn in range(TURNS):
        new = turn % (TURNS // IMAGES) == 0
        agent.ask(f"Where is department {turn}?", [picture(turn)] if new else [], thread="t")
        sizes |= {record.handle: record.size for record in agent.images("t").records}
        asked, offered = model.asked[-1], model.offered[-1]
        found.append((counted(asked, offered, dialect=model.dialect, sizes=sizes), len(asked)))
    return found


def script() -> list[Say | Call]:
    """An answer for each turn, in every other one after reading."""
    steps: list[Say | Call] = []
    for turn in range(TURNS):
        if turn % 2:
            steps.append(Call("read_text"))
        place = {"bbox_2d": [100, 200, 400, 260], "label": f"department {turn}"}
        steps.append(Say(_ANSWER * 3, places=[place], facts={"floor": "4F"}))
    return steps


def picture(number: int) -> VisionImage:
    """A picture that no other number gives."""
    return load_image(Image.new("RGB", (1920, 1080), (5 * number, 90, 160)))


if __name__ == "__main__":
    run()
