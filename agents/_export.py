"""All that is kept of a user, as plain JSON: memories, conversations, pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from langchain_core.messages import BaseMessage, message_to_dict

from deixis.agents._state import records_of
from deixis.memory import Checkpoints, MemoryStore
from deixis.memory._items import utc_now
from deixis.memory._names import owner_key
from deixis.vision import DeixisError, ImageStore


def exported(
    memory: MemoryStore,
    checkpoints: Checkpoints,
    images: ImageStore,
    *,
    user: str,
    with_images: bool = True,
) -> dict[str, Any]:
    """Everything that memories, checkpoints and the image store hold of a user.

    Args:
        memory: Memories.
        checkpoints: Conversations.
        images: Pictures.
        user: Whose.
        with_images: Whether to add the pictures' bytes, in base64.
    """
    threads = [_thread(checkpoints, key) for key in checkpoints.threads(owner_key(user))]
    kept = memory.export(user=user)
    hashes = {image["sha256"] for thread in threads for image in thread["images"]}
    hashes |= {p["image"]["sha256"] for m in kept["memories"] for p in m.get("places", ())}
    return {
        "user": user,
        "exported": utc_now().isoformat(),
        **kept,
        "threads": threads,
        "images": list(_pictures(sorted(hashes), images, with_bytes=with_images)),
    }


def _thread(checkpoints: Checkpoints, key: str) -> dict[str, Any]:
    found = checkpoints.get_tuple({"configurable": {"thread_id": key}})
    values: Mapping[str, Any] = {} if found is None else found.checkpoint["channel_values"]
    messages: list[BaseMessage] = values.get("messages", [])
    return {
        "thread_id": key,
        "messages": [message_to_dict(message) for message in messages],
        "recalled": values.get("recalled") or [],
        "tool_effects": [effect.result for effect in checkpoints.effects.of_thread(key)],
        "images": [record.model_dump(mode="json") for record in records_of(values)],
    }


def _pictures(
    hashes: Iterable[str], images: ImageStore, *, with_bytes: bool
) -> Iterable[dict[str, Any]]:
    for sha256 in hashes:
        try:
            image = images.get(sha256)
        except DeixisError as error:
            yield {"sha256": sha256, "missing": str(error)}
            continue
        told: dict[str, Any] = {"sha256": sha256, "mime_type": image.mime, "size": image.size}
        if with_bytes:
            told["base64"] = base64.b64encode(image.data).decode("ascii")
        yield told
