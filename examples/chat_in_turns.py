"""A conversation: the picture stays with the thread, and the thread survives the process."""

from pathlib import Path
from tempfile import TemporaryDirectory

from deixis.agents import TextDelta, VisionAgent
from deixis.vision import ImageStore

with TemporaryDirectory() as folder:
    images = ImageStore(Path(folder) / "images")
    agent = VisionAgent(images=images, checkpoints=Path(folder) / "threads.sqlite")
    agent.ask("妇产科在几楼？", "examples/images/hospital_zh.jpg", thread="visit")

    # Another agent, as after a restart, goes on in the same thread without the picture.
    later = VisionAgent(images=images, checkpoints=Path(folder) / "threads.sqlite")
    for event in later.stream("And where are the toilets?", thread="visit"):
        if isinstance(event, TextDelta):
            print(event.text, end="", flush=True)
    print()
