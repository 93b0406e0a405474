"""`deixis robot`: an arm in the simulator does what it is told, by pointing."""

from __future__ import annotations

import signal
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deixis.agents._commands import check_drawable, detection_json, draw_answer
from deixis.agents._console import emit, plain, say
from deixis.agents._failures import CommandFailedError, CommandUsageError

if TYPE_CHECKING:
    from deixis.agents._robot import RobotOperator, RobotReport
    from deixis.tools.robot import Arm, Step

_MOST_QUESTIONS: Final = 5


def robot(
    instruction: str,
    *,
    seed: int,
    objects: int,
    arm: str,
    model: str,
    record: Path | None,
    out: Path | None,
    as_json: bool,
    trace: Path | None = None,
) -> None:
    """Does what is asked on a table made from a seed, and prints what was measured.

    Raises:
        CommandFailedError: It wasn't done; what was measured has been printed.
    """
    if not instruction.strip():
        raise CommandUsageError('there is no instruction: deixis robot "put the red cube …"')
    check_drawable(record, kinds=(".gif",))
    check_drawable(out)
    from deixis.agents._robot import RobotOperator
    from deixis.agents.tracing._commands import traced_to
    from deixis.tools.robot import make_scene

    scene = make_scene(seed, objects=objects)
    with ExitStack() as open_things:
        tracing = open_things.enter_context(traced_to(trace))
        driven = open_things.enter_context(_arm(arm, scene))
        operator = RobotOperator(driven, model=model, tracing=tracing)
        operator.session.on_step = _told
        if record is not None:
            from deixis.tools.robot import Recorder

            open_things.enter_context(Recorder(operator.session, path=record))
        open_things.enter_context(_stopping(driven))
        report = _done(operator, instruction)
        if as_json:
            emit(report_json(report))
        else:
            _show(report)
        if out is not None:
            draw_answer(report.answer, operator.agent.images(report.answer.thread), out)
    if record is not None:
        say(plain(f"  recorded {record}"), dim=True, to_stderr=True)
    if not report.done:
        raise CommandFailedError(_why(report, stopped=driven.stopped))


def report_json(report: RobotReport) -> dict[str, Any]:
    """A report as the command line prints it."""
    return {
        "done": report.done,
        "answer": report.text,
        "steps": [step_json(step) for step in report.steps],
        "objects": [thing.model_dump(mode="json") for thing in report.objects],
        "detections": [detection_json(d) for d in report.answer.detections],
        "model": report.answer.model,
    }


def step_json(step: Step) -> dict[str, Any]:
    """A step: the tool, the point used in the picture's pixels, and what was measured."""
    point = None if step.point is None else [round(value, 1) for value in step.point]
    return {"tool": step.tool, "point": point, "ok": step.ok, "measured": step.measured}


def _done(operator: RobotOperator, instruction: str) -> RobotReport:
    """Does it; where a person sits at the terminal, what is asked back is put to them."""
    report = operator.do(instruction)
    for _ in range(_MOST_QUESTIONS):
        if report.done or report.steps[1:] or not _at_terminal() or operator.arm.stopped:
            break
        say(plain(report.text), to_stderr=True)
        say("> ", to_stderr=True, end="")
        try:
            said = input().strip()
        except EOFError:
            break
        if not said:
            break
        report = operator.do(said, thread=report.answer.thread)
    return report


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _arm(name: str, scene: Any) -> Arm:
    if name == "mujoco":
        from deixis.tools.robot import MujocoArm

        return MujocoArm(scene)
    if name == "stub":
        from deixis.tools.robot import StubArm

        return StubArm(scene)
    raise CommandUsageError(f"there is no arm {name!r}: choose mujoco or stub")


def _told(step: Step) -> None:
    at = "" if step.point is None else f" ({step.point[0]:.0f}, {step.point[1]:.0f})"
    mark = "✓" if step.ok else "✗"
    say(plain(f"  {mark} {step.tool}{at}  {step.said}"), dim=step.ok, to_stderr=True)


@contextmanager
def _stopping(arm: Arm) -> Generator[None]:
    """Stops the arm at the first Ctrl-C, so that what was done is still told; ends at the next."""

    def stop(number: int, frame: object) -> None:  # noqa: ARG001
        if arm.stopped:
            raise KeyboardInterrupt
        arm.stop()
        say("  stopped: the arm moves no more", to_stderr=True)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(report: RobotReport) -> None:
    say(plain(report.text))
    for thing in report.objects:
        say(plain(f"  {thing}"), dim=True)


def _why(report: RobotReport, *, stopped: bool) -> str:
    if stopped:
        return "the arm was stopped: nothing moves until it is connected anew"
    failed = [step for step in report.steps if not step.ok]
    return f"not done: {failed[-1].said}" if failed else "not done: see the answer"
