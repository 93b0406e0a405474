"""How much of a prompt the engine computes, to the token, and that its logits stay right."""

from __future__ import annotations

from dataclasses import replace

import torch
from PIL import Image

from deixis.vision.local._prompt import Prompt, Sampling
from tests.vision.local.recomputed import (
    NEAR,
    SIGHT,
    Chat,
    MakeRig,
    Rig,
)
from tests.vision.local.recomputed import checkpoint as checkpoint
from tests.vision.local.recomputed import make_rig as make_rig
from tests.vision.local.recomputed import rig as rig

ASKED = Chat().asked("What does the sign say?")


def test_a_first_turn_has_the_tokens_of_the_checkpoints_own_processor(rig: Rig) -> None:
    chat = Chat().asked("What does the sign say? 耳鼻喉科", rig.image(1), rig.image(2, 8, 11))
    turn = rig.turn(chat)
    assert list(rig.steps[0].ids) == rig.tokens(chat)
    assert turn.usage.prompt_tokens == len(rig.tokens(chat))
    assert (turn.cached, turn.usage.completion_tokens) == (0, 6)


def test_later_turns_compute_their_new_tokens_alone(rig: Rig) -> None:
    first = rig.turn(Chat().asked("What does the sign say?", rig.image(1)))
    second = rig.turn(first.chat.asked("Where is it?"))
    third = rig.turn(second.chat.asked("And these?", rig.image(3), rig.image(4, 8, 10)))
    fourth = rig.turn(third.chat.asked("And the lift?"))
    assert (first.cached, second.cached) == (0, first.computed)
    assert (third.cached, fourth.cached) == (second.computed, third.computed)
    assert rig.greatest_difference() < NEAR


def test_an_image_in_a_tools_result(rig: Rig) -> None:
    first = rig.turn(Chat().asked("What does the sign say?", rig.image(1)))
    shown = first.chat.asked(f"<tool_response>\n{SIGHT}enlarged\n</tool_response>")
    second = rig.turn(replace(shown, images=(*shown.images, rig.image(2))))
    third = rig.turn(second.chat.asked("Thank you."))
    assert (second.cached, third.cached) == (first.computed, second.computed)
    assert rig.greatest_difference() < NEAR


def test_old_images_are_not_asked_for_again(rig: Rig) -> None:
    asked: list[str] = []

    def pixels() -> Image.Image:
        asked.append("again")
        return image.pixels()

    image = rig.image(1)
    first = rig.turn(Chat().asked("What does the sign say?", replace(image, pixels=pixels)))
    rig.turn(first.chat.asked("Where is it?"))
    assert asked == ["again"]


def test_two_branches_go_on_in_turns(rig: Rig) -> None:
    first = rig.turn(Chat().asked("What does the sign say?", rig.image(1)))
    here = rig.turn(first.chat.asked("Where is it?"))
    there = rig.turn(first.chat.asked("Show me.", rig.image(2, 8, 12)), seed=1)
    assert here.cached == first.computed
    # After the reply's last token the next turn opens the same way in both.
    opening = rig.processor.tokenizer("<|im_end|>\n<|im_start|>user\n")["input_ids"]
    shared = first.computed + 1 + len(opening)
    assert there.cached == (first.computed if rig.recurrent else shared)
    for _ in range(2):
        before = here.computed, there.computed
        here, there = rig.turn(here.chat.asked("Go on.")), rig.turn(there.chat.asked("And?"))
        assert (here.cached, there.cached) == before
    assert rig.greatest_difference() < NEAR


def test_conversations_in_turns_do_not_disturb_each_other(rig: Rig) -> None:
    # Positions fall behind by what images save: in one by 105 at once, in the other never.
    tall, text = rig.turn(Chat().asked("Read.", rig.image(1, 8, 15))), rig.turn(ASKED)
    for _ in range(2):
        before = tall.computed, text.computed
        tall, text = rig.turn(tall.chat.asked("What else?")), rig.turn(text.chat.asked("Why?"))
        assert (tall.cached, text.cached) == before
    assert rig.greatest_difference() < NEAR


def test_what_the_model_itself_remembers_of_positions_is_never_used(rig: Rig) -> None:
    # Seen to fail where steps take `rope_deltas` of the model in place of the conversation's.
    def stale() -> None:
        rig.model.model.rope_deltas = torch.tensor([[99]])

    rig.before_step = stale
    stale()
    first = rig.turn(Chat().asked("What does the sign say?", rig.image(1)))
    rig.turn(first.chat.asked("And this?", rig.image(2)))
    assert rig.greatest_difference() < NEAR


def test_a_prompt_seen_before_computes_the_least_it_can(rig: Rig) -> None:
    chat = Chat().asked("What does the sign say?", rig.image(1))
    first, again = rig.turn(chat), rig.turn(chat, seed=1)
    turn = rig.turns(chat)[-1]
    assert again.cached == (turn if rig.recurrent else first.usage.prompt_tokens - 1)
    assert rig.greatest_difference() < NEAR


def test_an_image_that_ends_a_prompt_is_computed_again_as_a_whole(rig: Rig) -> None:
    text = f"{Chat().text}<|im_start|>user\n{SIGHT.removesuffix('<|vision_end|>')}"
    prompt = Prompt(text=text, images=(rig.image(1),))
    few = Sampling(max_new_tokens=2)
    assert "".join(rig.engine.generate(prompt, few))
    again = rig.engine.generate(prompt, few)
    assert "".join(again)
    opened = len(rig.processor.tokenizer(text)["input_ids"]) - 1
    start = len(rig.processor.tokenizer(Chat().text)["input_ids"])
    assert again.usage.cached_tokens == (start if rig.recurrent else opened)


def test_another_image_with_the_same_words_is_another_conversation(rig: Rig) -> None:
    first = rig.turn(Chat().asked("What does the sign say?", rig.image(1)))
    changed = replace(first.chat, images=(rig.image(2),))
    second = rig.turn(changed.asked("Where is it?"))
    pads = rig.tokens(changed).index(rig.model.config.image_token_id)
    assert second.cached == (rig.turns(changed)[1] if rig.recurrent else pads)
    assert rig.greatest_difference() < NEAR


def test_an_image_of_another_shape_is_another_image(rig: Rig) -> None:
    first = rig.turn(Chat().asked("What does the sign say?", rig.image(1, 8, 9)))
    turned = replace(rig.image(1, 9, 8), sha256=first.chat.images[0].sha256)
    changed = replace(first.chat, images=(turned,))
    second = rig.turn(changed.asked("Where is it?"))
    pads = rig.tokens(changed).index(rig.model.config.image_token_id)
    assert second.cached == (rig.turns(changed)[1] if rig.recurrent else pads)
    assert rig.greatest_difference() < NEAR


def test_after_early_words_that_changed_all_is_computed_again(rig: Rig) -> None:
    first = rig.turn(Chat().asked("What does the sign say?", rig.image(1)))
    changed = Chat(first.chat.text.replace("helpful", "terse"), first.chat.images)
    second = rig.turn(changed.asked("Where is it?"))
    words = rig.processor.tokenizer("<|im_start|>system\nYou are a")["input_ids"]
    assert second.cached == (0 if rig.recurrent else len(words))
    assert rig.greatest_difference() < NEAR


def test_a_reply_shown_without_its_thought_is_computed_again_and_nothing_else(rig: Rig) -> None:
    chat = Chat().asked("What does the sign say?", rig.image(1))
    rig.turn(chat, tokens=12)
    held = rig.engine.held_bytes
    second = rig.turn(chat.answered("4F").asked("Where is it?"), tokens=1)
    assert second.cached >= rig.turns(chat)[-1]
    # The thought is of no use any more, and isn't held beside the rest.
    assert rig.engine.held_bytes < held * 1.6
    assert rig.greatest_difference() < NEAR


def test_generated_tokens_are_kept_as_they_were_chosen(rig: Rig) -> None:
    chat = Chat().asked("What does the sign say?", rig.image(1))
    for seed in range(20):
        first = rig.turn(chat, tokens=24, seed=seed)
        chosen = list(rig.steps[-1].ids)
        if chosen != rig.tokens(first.chat)[: len(chosen)]:  # its text gives other tokens
            break
    else:
        raise AssertionError("every reply happens to be the tokens that its text gives")
    second = rig.turn(first.chat.asked("Where is it?"))
    assert second.cached == first.computed
    assert list(rig.steps[-6].ids[: len(chosen)]) == chosen
    del rig.steps[:-6]
    assert rig.greatest_difference() < NEAR


def test_a_reply_of_which_a_part_was_kept_goes_on_from_there(rig: Rig) -> None:
    chat = Chat().asked("What does the sign say?", rig.image(1))
    generation = rig.start(chat, tokens=20)
    part = "".join(next(generation) for _ in range(5))
    assert "".join(generation)
    second = rig.turn(chat.answered(part).asked("Where is it?"))
    whole = len(rig.steps[0].ids) + 5
    assert second.cached == (rig.turns(chat)[-1] if rig.recurrent else whole)
    assert rig.steps[20].ids[:whole] == rig.steps[5].ids
    assert rig.greatest_difference() < NEAR


def test_words_added_to_a_reply_are_tokenised_with_it(rig: Rig) -> None:
    chat = Chat().asked("What does the sign say?")
    opened = f"{chat.prompt.text}{rig.turn(chat).text}er"
    rig.steps.clear()
    assert "".join(rig.engine.generate(Prompt(text=opened), Sampling(max_new_tokens=2)))
    assert list(rig.steps[0].ids) == rig.processor.tokenizer(opened)["input_ids"]
    assert rig.greatest_difference() < NEAR


def test_memory_stays_within_its_bound_and_what_was_dropped_is_computed_again(
    make_rig: MakeRig, rig: Rig
) -> None:
    rig.turn(Chat().asked("What does the sign say?", rig.image(1)))
    bound = rig.engine.held_bytes * 3 // 2
    small = make_rig(rig.facts.family, cache_bytes=bound)
    first = small.turn(Chat().asked("What does the sign say?", small.image(1)))
    other = small.turn(Chat().asked("Read it.", small.image(2)))
    assert 0 < small.engine.held_bytes <= bound
    assert small.turn(other.chat.asked("And?")).cached == other.computed
    second = small.turn(first.chat.asked("Where is it?"))
    assert second.cached < first.usage.prompt_tokens - 72
    assert small.greatest_difference() < NEAR


def test_the_conversation_unused_for_longest_is_dropped_first(make_rig: MakeRig) -> None:
    rig = make_rig("qwen2.5-vl")
    rig.turn(Chat().asked("Read it.", rig.image(1)))
    rig.turn(Chat().asked("Read it!", rig.image(2)))
    small = make_rig("qwen2.5-vl", cache_bytes=int(rig.engine.held_bytes * 1.4))
    old = small.turn(Chat().asked("Read it.", small.image(1)))
    unused = small.turn(Chat().asked("Read it!", small.image(2)))
    used = small.turn(old.chat.asked("On."))
    third = small.turn(Chat().asked("Read this.", small.image(3)))
    assert small.turn(used.chat.asked("On."), tokens=1).cached == used.computed
    assert small.turn(third.chat.asked("On."), tokens=1).cached == third.computed
    assert small.turn(unused.chat.asked("On.")).cached < unused.usage.prompt_tokens - 72


def test_a_conversation_larger_than_the_bound_is_not_held(make_rig: MakeRig) -> None:
    rig = make_rig("qwen3.5-vl", cache_bytes=1000)
    first = rig.turn(ASKED)
    assert rig.engine.held_bytes == 0
    assert rig.turn(first.chat.asked("Where?")).cached == 0


def test_what_ran_while_all_was_forgotten_is_not_held(rig: Rig) -> None:
    rig.before_step = rig.engine.forget
    rig.turn(ASKED)
    assert rig.engine.held_bytes == 0
