"""Names of tools: each means one tool, to the model, to a person and to the loop."""

from __future__ import annotations

from collections.abc import Iterable

from deixis.vision import DeixisError
from deixis.vision._untrusted import skeleton


def check_names(names: Iterable[str]) -> None:
    """Refuses names of an agent's tools that are, or could be taken for, the same.

    Which calls a person is asked about goes by the tool's name: another's tool that takes the
    name of one of ours, or one that looks like it, would run in its place.

    Raises:
        DeixisError: Two are alike.
    """
    known: dict[str, str] = {}
    for name in names:
        alike = skeleton(name)
        if alike in known:
            raise DeixisError(_alike(known[alike], name))
        known[alike] = name


def _alike(one: str, other: str) -> str:
    if one == other:
        return f"two tools are called {one!r}: give one another name"
    return f"the tools {one!a} and {other!a} look alike: give one another name"
