"""Teaches a tiny model whole conversations by heart, prompt by prompt, for tests of all the rest.

`tests.checkpoints.taught_checkpoint` teaches answers to questions, whatever stands around them,
which a model so small can't keep up over an agent's long instructions. Here it learns the very
prompts it will be given, as the renderer under test writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from deixis.testing import ScriptedModel
from deixis.vision import VisionModel
from deixis.vision._turns import turns_of
from deixis.vision.local._processing import chat_template_of, load_processor
from deixis.vision.local._rendering import Rendered, Renderer, ToolOffer
from deixis.vision.local._replies import RECORD_KEY, Record
from deixis.vision.qwen._dialect import QwenDialect
from deixis.vision.qwen._families import facts_of
from tests.checkpoints import load_model
from tests.checkpoints._make import Shape, make_checkpoint

ROUNDS = 120
END = "<|im_end|>"


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a model is to say to a conversation.

    Attributes:
        messages: The conversation.
        offer: The tools there are.
        reply: As the model writes it, without what a forced call already begins with.
        store: The model whose images the messages name; None where they bring their own.
    """

    messages: Sequence[BaseMessage]
    offer: ToolOffer = field(default_factory=ToolOffer)
    reply: str
    store: VisionModel | None = None


def learn(family: str, folder: Path, lessons: Sequence[Lesson]) -> Path:
    """Writes a tiny checkpoint that says to each conversation what it is to say.

    Raises:
        RuntimeError: It didn't learn it.
    """
    shape = Shape(layers=2) if family == "qwen3.5-vl" else Shape(hidden=128, layers=2)
    make_checkpoint(family, folder, shape, seed=0, dtype="float32")
    torch: Any = import_module("torch")
    processor, model = load_processor(folder), load_model(folder)
    asked = [_inputs(torch, processor, family, lesson) for lesson in lessons]
    model.train()
    for name, weight in model.named_parameters():
        weight.requires_grad_("visual" not in name)
    learned = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=2e-3, betas=(0.9, 0.98))
    known = 0
    for _ in range(ROUNDS):
        sure = True
        for inputs, wanted in asked:
            logits = model(**inputs, logits_to_keep=len(wanted) + 1).logits[0, :-1]
            loss = torch.nn.functional.cross_entropy(logits, wanted)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            sure &= loss.item() < 0.05 and bool((logits.argmax(-1) == wanted).all())
        known = known + 1 if sure else 0
        if known == 2:
            model.eval().save_pretrained(folder)
            return folder
    raise RuntimeError(f"{family} didn't learn its lessons")


def as_spoken(
    family: str,
    folder: Path,
    model: ScriptedModel,
    offers: Sequence[ToolOffer],
    said: Sequence[str],
) -> list[Lesson]:
    """Lessons of a conversation that was played by a script.

    Earlier replies are marked as the model's own, as they will be.

    Args:
        family: Of the model.
        folder: Of a checkpoint, for its chat template.
        model: That played the script.
        offers: The tools of each time it was asked.
        said: What it said each time, as the family writes it.
    """
    lessons: list[Lesson] = []
    records: list[Record] = []
    for messages, offer, reply in zip(model.asked, offers, said, strict=True):
        own = iter(records)
        marked = [
            message.model_copy(update={"additional_kwargs": {RECORD_KEY: next(own).as_json()}})
            if isinstance(message, AIMessage)
            else message
            for message in messages
        ]
        lesson = Lesson(messages=marked, offer=offer, reply=reply, store=model)
        rendered = _rendered(family, load_processor(folder), lesson)
        records.append(Record(opened=rendered.opened, raw=reply, calls=bool(offer.tools)))
        lessons.append(lesson)
    return lessons


def _rendered(family: str, processor: Any, lesson: Lesson) -> Rendered:
    model = lesson.store or ScriptedModel([], dialect=QwenDialect(family))
    renderer = Renderer(chat_template_of(processor), facts_of(family))
    return renderer.render(turns_of(model, lesson.messages), lesson.offer)


def _inputs(torch: Any, processor: Any, family: str, lesson: Lesson) -> tuple[Any, Any]:
    """What the model is given, and the ids it is to say."""
    rendered = _rendered(family, processor, lesson)
    images = [part.image.pixels() for part in rendered.images]
    inputs = processor(text=[rendered.text], images=images or None, return_tensors="pt")
    said = processor.tokenizer(lesson.reply + END, return_tensors="pt")["input_ids"]
    longer = {
        "input_ids": said,
        "attention_mask": torch.ones_like(said),
        "mm_token_type_ids": torch.zeros_like(said),
    }
    whole = {
        name: torch.cat([value, longer[name]], dim=1) if name in longer else value
        for name, value in inputs.items()
    }
    return whole, said[0]
