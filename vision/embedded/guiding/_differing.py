"""What a sign and the map differ in, told."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from pydantic import BaseModel, ConfigDict

from deixis.vision._dialect import JsonObject
from deixis.vision.embedded._deciding import Decision
from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded.guiding._course import Course
from deixis.vision.embedded.guiding._results import reason_of, told_in
from deixis.vision.embedded.guiding._telling import GuideTelling
from deixis.vision.embedded.operating._carrying import Act, Done

COMPARE: Final = "compare_sign_with_map"


class _Differences(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    told: str = ""


def differences(
    say: GuideTelling, course: Course | None, sign: str | None
) -> Generator[Act, Done, Decision]:
    """Asks the tool that compares, and tells what it found.

    Args:
        say: How things are said.
        course: What the conversation came to before.
        sign: Handle of the picture; None for the latest.
    """
    args: JsonObject = {"language": say.language}
    if sign is not None:
        args["image"] = sign
    done = yield Act(tool=COMPARE, args=args)
    found = None if done.error else told_in(done.text, _Differences)
    text = say.failed(reason_of(done.text)) if found is None else found.told
    outcome = Outcome(text=text, found=found is not None, language=say.language)
    return Decision(outcome, open=course.left_open if course is not None else None)
