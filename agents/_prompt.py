"""What an agent tells its model before anything else."""

from __future__ import annotations

from deixis.vision import Dialect
from deixis.vision._untrusted import MEANING

_RULES = """\
You answer questions about the images of this conversation, in the language of the question.
Answer only from what you see in them; quote the words of a sign as it writes them, in the \
asker's language too. If it isn't there, say so and say what could help: never guess a floor, a \
price or a direction.
Images have handles such as img_1. {outside}
After your answer write one fenced block, and nothing after it:
```json
{{"found": true, "language": "en", "facts": {{"floor": "4F"}}, "places": [{{"bbox_2d": [x1, y1, \
x2, y2], "label": "…", "text": "…", "image": "img_1"}}]}}
```
"found" says whether the answer is in what you saw; "facts" holds what is stated, as it is \
written, or null; "places" what your answer rests on, in {frame}."""


def system_prompt(dialect: Dialect, instructions: str | None) -> str:
    """The rules of answering, in the model's frame, and the agent's own instructions."""
    rules = _RULES.format(frame=dialect.frame_words(), outside=MEANING)
    return f"{rules}\n\n{instructions.strip()}" if instructions else rules
