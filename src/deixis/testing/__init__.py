"""For tests of what is built on Deixis: a scripted vision model, and conformance suites.

```python
model = ScriptedModel([
    Call("zoom", {"region": {"x1": 0, "y1": 0, "x2": 200, "y2": 100}}),
    Say("ENT is on 4F.", places=[{"bbox_2d": [787, 98, 946, 156], "label": "ENT"}]),
])
with model:  # fails when a step is left unused
    answer = VisionAgent(model).ask("Where is ENT?", "guide.jpg")
```
"""

from deixis.testing._arm_conformance import ArmConformance
from deixis.testing._conformance import Ask, VisionModelConformance
from deixis.testing._memory_conformance import MemoryStoreConformance
from deixis.testing._ngrams import NgramEmbedder
from deixis.testing._scripted import BadCall, Call, Fail, Say, ScriptedModel, Step

__all__ = [
    "ArmConformance",
    "Ask",
    "BadCall",
    "Call",
    "Fail",
    "MemoryStoreConformance",
    "NgramEmbedder",
    "Say",
    "ScriptedModel",
    "Step",
    "VisionModelConformance",
]
