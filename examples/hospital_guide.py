"""A tourist's hospital guide: a photo of the floor guide and a map become the way, drawn."""

from pathlib import Path

from deixis.agents import HospitalGuide, route_of

guide = HospitalGuide("examples/maps/hospital")
question = "How do I get to ENT? I'm at the pharmacy."
answer = guide.ask(question, "examples/images/hospital_zh.jpg")

print(answer.answer)
print("floor:", answer.facts["floor"], "box:", answer.detections[0].box)
route = route_of(answer)
if route is not None:
    print(f"{route.distance_m:.0f} m over {len(route.steps)} steps, step-free: {route.step_free}")
Path("out").mkdir(exist_ok=True)
for picture in answer.pictures:
    guide.images(answer.thread).image(picture.image).pixels().save(f"out/{picture.image}.png")

# The conversation goes on: where they are, and what they can't walk, is remembered.
print(guide.ask("耳鼻喉科怎么走？我坐轮椅。", thread=answer.thread).answer)
