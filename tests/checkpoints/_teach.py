"""Teaches a tiny model what to answer, on the spot, so that real decoding has something to say.

The model learns to find the last question among whatever else the prompt holds: other system
messages, tools, pictures, earlier turns. So the prompts it learns from are made of noise.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from PIL import Image

from tests.checkpoints._load import load_model, load_processor
from tests.checkpoints._tokens import TEXT

END = "<|im_end|>"
BATCH = 8
POOL = 8  # batches drawn at once, so that each can have prompts of a like length
ROUNDS = 20  # of so many steps


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A prompt, the pictures in it, and what is to be said."""

    prompt: str
    images: tuple[Image.Image, ...]
    reply: str


class Lessons:
    """Prompts about the questions, each different.

    Args:
        family: Of the model.
        processor: Its processor.
        replies: What is said to a question.
        after_tool: What is said to it once a tool has given its result.
        seed: Of the noise.
    """

    def __init__(
        self,
        family: str,
        processor: Any,
        replies: Mapping[str, str],
        after_tool: Mapping[str, str],
        seed: int,
    ) -> None:
        self._processor = processor
        self._thinks = family == "qwen3.5-vl"
        self._tools = family in ("qwen3-vl", "qwen3.5-vl")
        self._replies = replies
        self._after_tool = after_tool
        self._random = random.Random(seed)
        self._words = TEXT.split()

    def batches(self) -> list[list[Lesson]]:
        """A round of lessons, every question about as often."""
        questions = [(question, False) for question in self._replies]
        questions += [(question, True) for question in self._after_tool]
        asked = (questions * (BATCH * POOL // len(questions) + 1))[: BATCH * POOL]
        lessons = [self._lesson(question, used=used) for question, used in asked]
        # Padding costs as much as text, so prompts of a like length stand together.
        lessons.sort(key=lambda lesson: len(lesson.prompt) + 200 * len(lesson.images))
        batches = [lessons[at : at + BATCH] for at in range(0, len(lessons), BATCH)]
        self._random.shuffle(batches)
        return batches

    def _lesson(self, question: str, *, used: bool) -> Lesson:
        chance = self._random.random
        images: list[Image.Image] = []
        messages: list[dict[str, Any]] = []
        if chance() < 0.7:
            messages.append(
                {
                    "role": "system",
                    "content": self._noise(self._random.choice((5, 20, 80))),
                }
            )
        for _ in range(self._random.choice((0, 0, 0, 0, 1))):
            messages.append(self._user(self._noise(8), images))
            messages.append({"role": "assistant", "content": self._noise(8)})
        messages.append(self._user(question, images))
        if used:
            result = f"<tool_response>\n{self._noise(12)}\n</tool_response>"
            messages.append({"role": "assistant", "content": self._replies[question]})
            messages.append(self._user(result, images, alone=True))
        reply = (self._after_tool if used else self._replies)[question]
        template: dict[str, Any] = {}
        if self._thinks:
            thinks = chance() < 0.5
            template["enable_thinking"] = thinks
            if thinks and "</think>" not in reply:
                reply = f"\n</think>\n\n{reply}"
            elif not thinks:
                reply = reply.rpartition("</think>")[2].lstrip("\n")
        if self._tools and chance() < 0.3:
            template["tools"] = [self._tool() for _ in range(self._random.choice((1, 1, 3)))]
        prompt = self._processor.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=False, **template
        )
        return Lesson(prompt=prompt, images=tuple(images), reply=reply)

    def _user(self, text: str, images: list[Image.Image], *, alone: bool = False) -> dict[str, Any]:
        """A user turn with the text, perhaps with a picture before or after it."""
        chance = self._random.random
        parts: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if not alone and chance() < 0.2:
            side = [self._random.randint(28, 300) for _ in range(2)]
            image = Image.new("RGB", (side[0], side[1]), self._colour())
            image.paste(self._colour(), (0, 0, side[0] // 2, side[1] // 2))
            images.append(image)
            parts.insert(0, {"type": "image", "image": image})
            if chance() < 0.5:
                parts.insert(0, {"type": "text", "text": f"img_{len(images)}: "})
            elif chance() < 0.3:
                parts.reverse()
        return {"role": "user", "content": parts}

    def _noise(self, most: int) -> str:
        start = self._random.randrange(len(self._words))
        count = self._random.randint(1, most)
        return " ".join((self._words * 2)[start : start + count])

    def _colour(self) -> tuple[int, int, int]:
        return self._random.choice(((200, 30, 40), (30, 60, 200), (240, 240, 240), (0, 0, 0)))

    def _tool(self) -> dict[str, Any]:
        names = [self._noise(1).strip('"<>{}[]:,.') or "x" for _ in range(3)]
        properties = {name: {"type": "string", "description": self._noise(5)} for name in names}
        function = {
            "name": names[0],
            "description": self._noise(15),
            "parameters": {"type": "object", "properties": properties, "required": names[:1]},
        }
        return {"type": "function", "function": function}


def teach(
    family: str,
    folder: Path,
    *,
    replies: Mapping[str, str],
    after_tool: Mapping[str, str],
    seed: int,
) -> int:
    """Trains the checkpoint in a folder until it says the replies, and saves it.

    Returns:
        How many steps it took.

    Raises:
        RuntimeError: It didn't learn them.
    """
    torch: Any = import_module("torch")
    processor, model = load_processor(folder), load_model(folder)
    lessons = Lessons(family, processor, replies, after_tool, seed)
    model.train()
    for name, weight in model.named_parameters():
        weight.requires_grad_("visual" not in name)
    learned = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=3e-3, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _pace)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        right = perfect = 0
        for rounds in range(1, 2 * ROUNDS + 1):
            right = 0
            for batch in lessons.batches():
                right += _step(torch, model, processor, batch)
                torch.nn.utils.clip_grad_norm_(learned, 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
            perfect += right == BATCH * POOL
            if rounds >= ROUNDS / 2 and perfect >= 2:
                model.eval().save_pretrained(folder)
                return rounds * POOL
    raise RuntimeError(f"{family} didn't learn its replies: {right} of {BATCH * POOL} right")


def _pace(step: int) -> float:
    """Share of the learning rate: quickly up, then slowly down to a tenth."""
    return max(0.1, min((step + 1) / 20, 1 - step / (ROUNDS * POOL)))


def _step(torch: Any, model: Any, processor: Any, lessons: list[Lesson]) -> int:
    """Computes gradients; returns how many replies were right to the last token."""
    replies = [processor.tokenizer(lesson.reply + END)["input_ids"] for lesson in lessons]
    longest = max(map(len, replies))
    images = [image for lesson in lessons for image in lesson.images]
    # Padded on the left, all replies end where the text does, and only they need logits.
    inputs = processor(
        text=[lesson.prompt + lesson.reply + END for lesson in lessons],
        images=images or None,
        padding=True,
        padding_side="left",
        return_tensors="pt",
    )
    wanted = torch.tensor([[-100] * (longest - len(reply)) + reply for reply in replies])
    logits = model(**inputs, logits_to_keep=longest + 1).logits[:, :-1]
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten())
    loss.backward()
    same = (logits.argmax(-1) == wanted) | (wanted == -100)
    return int(same.all(-1).sum())
