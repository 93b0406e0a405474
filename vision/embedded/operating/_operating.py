"""How the embedded model works an arm: from an instruction, pictures and results to the next call.

It is worked out anew for each call, from the first picture on: the same instruction, pictures and
results always come to the same call. All that an instruction names is found in the first picture
before anything moves.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from deixis.vision._model import ImageView
from deixis.vision._reader import Reader
from deixis.vision.embedded._text import is_foreign, language_of
from deixis.vision.embedded.operating._carrying import Act, Arm, Done, Ended, Say, Work
from deixis.vision.embedded.operating._instruction import (
    Ask,
    Instruction,
    Move,
    Nothing,
    Plan,
    Stop,
    Unclear,
    instruction_of,
)
from deixis.vision.embedded.operating._looking import answered
from deixis.vision.embedded.operating._planning import planned
from deixis.vision.embedded.operating._telling import Telling
from deixis.vision.embedded.operating._tracking import See, Seeing

__all__ = ["Act", "Done", "Say", "merged", "operate", "operates"]

TOOLS = frozenset({"look", "pick", "place"})
"""What must be offered for an arm to be worked."""

_ROBOT = TOOLS | {"point_at", "move_to", "home", "stop"}


def operates(offered: Collection[str]) -> bool:
    """Whether the tools offered are those of an arm."""
    return set(offered) >= TOOLS


def operate(
    instruction: str,
    *,
    pictures: Sequence[ImageView],
    done: Sequence[Done],
    reader: Reader | None,
    offered: Collection[str],
    answers: Sequence[str] = (),
    see: See | None = None,
) -> Act | Say:
    """The next call that an instruction takes, or what is said at its end.

    Args:
        instruction: The user's words.
        pictures: Those with depth that this turn brought, oldest first.
        done: The tool calls of this turn, in order.
        reader: Reads what is printed on boxes.
        offered: Names of the tools.
        answers: What the user answered to what was asked back, in order.
        see: Sees what is in a picture; given where pictures were seen before.
    """
    asked = _meant(instruction)
    say = Telling(language_of(instruction))
    arm = Arm(
        pictures=pictures,
        offered=offered,
        see=see if see is not None else Seeing(reader),
        say=say,
        answers=answers,
        first_shown=not done or not pictures or pictures[0].handle != done[0].image,
    )
    work = _work(asked, instruction, arm)
    try:
        act = next(work)
        for result in done:
            if result.tool in _ROBOT:
                act = work.send(result)
    except StopIteration as finished:
        return finished.value
    except Ended as ended:
        return ended.say
    return act


def merged(instruction: str, answers: Sequence[str], said: str) -> tuple[str, tuple[str, ...]]:
    """An instruction that was asked about, with what the user said to that.

    What is an instruction or a question of its own takes its place.

    Args:
        instruction: The earlier words.
        answers: Earlier answers.
        said: The new words.

    Returns:
        The instruction to carry out, and the answers to what it leaves open.
    """
    told, earlier = _meant(said), _meant(instruction)
    unplaced = isinstance(told, Plan) and isinstance(told.steps[0], Move) and not told.steps[0].what
    if isinstance(earlier, Unclear) and earlier.reason in ("where", "what"):
        bare = instruction.rstrip(" .。!！?？")
        for joint in (" ", "放到", "放进") if unplaced or isinstance(told, Unclear) else ():
            whole = f"{bare}{joint}{said}"
            if isinstance(_meant(whole), Plan):
                return whole, ()
    if isinstance(earlier, Plan) and isinstance(told, Unclear) and told.reason != "foreign":
        return instruction, (*answers, said)
    return said, ()


def _meant(text: str) -> Instruction:
    return Unclear(reason="foreign", words=text) if is_foreign(text) else instruction_of(text)


def _work(asked: Instruction, text: str, arm: Arm) -> Work:
    say = arm.say
    if isinstance(asked, Stop):
        return (yield from _stop(arm))
    if isinstance(asked, Unclear):
        return Say(text=say.unclear(asked.reason, asked.words), found=False, asks=_open(asked))
    if isinstance(asked, Nothing):
        return Say(text=say.nothing(), found=False)
    if isinstance(asked, Ask):
        if asked.about == "help":
            return Say(text=say.helping(), found=True)
        yield from arm.look_first()
        return answered(asked, arm)
    yield from arm.look()
    plan = planned(asked, text, arm)
    for job in plan:
        yield from job.do(arm)
    return arm.finished(plan)


def _open(asked: Unclear) -> bool:
    return asked.reason in ("where", "what", "choice", "negated")


def _stop(arm: Arm) -> Work:
    if "stop" not in arm.offered:
        text = arm.say.say("I have no way to stop the arm.", "我没有办法让机械臂停下。")
        return Say(text=text, found=False)
    result = yield Act(tool="stop", args={})
    return Say(text=arm.say.stopped(), found=result.ok)
