"""An arm in the simulator does what it is told, by pointing at things in its camera's picture.

Needs the extra `robot`, and on Linux the libraries that draw without a display (docs/robot.md).
"""

from deixis.agents import RobotOperator
from deixis.tools.robot import MujocoArm, make_scene

with MujocoArm(make_scene(seed=3)) as arm:
    operator = RobotOperator(arm)
    seen = operator.do("what is on the table?")
    print(seen.text)

    report = operator.do("put the red cube in the bowl", thread=seen.answer.thread)
    print(report.done, report.text)
    for step in report.steps:
        print(f"  {step.tool} {step.point or ''}: {step.said}")
    for thing in report.objects:  # by the simulator's truth, which the operator never sees
        print(f"  {thing}")
