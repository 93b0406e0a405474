"""Ask a floor guide where to go, and draw the answer on the picture."""

from pathlib import Path

from deixis.agents import VisionAgent
from deixis.vision import annotate, load_image

guide = load_image("examples/images/hospital_zh.jpg")
answer = VisionAgent().ask("Where should I go for ENT?", guide)

print(answer.answer)
print("floor:", answer.facts["floor"])
print("box in pixels:", answer.detections[0].box)
Path("out").mkdir(exist_ok=True)
annotate(guide.pixels(), answer.detections).save("out/ask_a_sign.png")
