"""Deixis: agents that see, read, point and act.

A vision-language model is the perception-and-reasoning core of an agent loop. Importing this
package is cheap: the heavy libraries load with the parts that need them.

- `deixis.vision`: places and their frames, images, reading, drawing, vision models.
- `deixis.tools`: tools that take and give places.
- `deixis.memory`: embeddings, checkpoints and conversation memory.
- `deixis.agents`: the agent loop and the command line.
- `deixis.testing`: a scripted vision model and conformance suites.
"""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("deixis")
