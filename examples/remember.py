"""What a user was told comes to mind in a later conversation, with the old picture and its box."""

from pathlib import Path
from tempfile import TemporaryDirectory

from deixis.agents import VisionAgent
from deixis.memory import MemoryStore
from deixis.vision import ImageStore

with TemporaryDirectory() as folder:
    images = ImageStore(Path(folder) / "images")
    with MemoryStore(Path(folder) / "memory", images=images) as memory:
        agent = VisionAgent(images=images, memory=memory)
        agent.ask("Where is the pharmacy?", "examples/images/hospital_zh.jpg", user="ann")
        agent.ask("Remember that my appointment is at 3pm", user="ann")

        # Another conversation, with no picture.
        answer = agent.ask("Where was the pharmacy?", user="ann")
        print(answer.answer)  # From an earlier picture (hospital_zh.jpg): Pharmacy (药房) is on 1F.
        print(answer.detections[0].box)  # in pixels of that picture
        print(agent.ask("When is my appointment?", user="ann").answer)

        # Nobody else is told, and what was kept can be taken back.
        print(agent.ask("Where was the pharmacy?", user="bob").found)
        print(agent.forget(user="ann"))
