"""A team of agents: one reads a label, one drives an arm, and one leads them.

Needs the extra `robot`, and on Linux the libraries that draw without a display (docs/robot.md).
"""

from deixis.agents import RobotOperator, Team, VisionAgent
from deixis.tools.robot import MujocoArm, make_scene, objects_on

LABEL = "examples/images/label.jpg"  # aspirin, in Chinese and English

with MujocoArm(make_scene(seed=15)) as arm:
    operator = RobotOperator(arm)
    reader = VisionAgent(name="reader", description="Reads labels, signs and prescriptions.")
    team = Team([reader, operator])

    answer = team.ask("Read the label and put that medicine in the left tray", LABEL)
    print(answer.answer)
    print(answer.facts["medicine"], answer.detections[0].box)  # where the label says it
    for call in answer.tool_calls:
        print(f"  {call.name}: {call.arguments['task']}")
    for thing in objects_on(operator.session):  # by the simulator's truth
        print(f"  {thing.name}: {thing.inside or 'on the table'}")
