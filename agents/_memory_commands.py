"""The commands on what is remembered: `deixis memory search`, `list`, `forget` and the others."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from deixis.agents._console import emit, plain, say, status
from deixis.agents._export import exported
from deixis.agents._failures import CommandFailedError, CommandUsageError
from deixis.agents._keeping import expire, said_in
from deixis.agents._keeping import forget as forget_all
from deixis.agents._session import Kept, open_kept
from deixis.memory import Forgotten, MemoryItem, MemoryPlace, MemoryPolicy, Recollection

_SHORTEST_ID: Final = 6


def search(
    question: str, *, user: str | None, thread: str | None, most: int, as_json: bool
) -> None:
    """Prints what a user's memories say to a question."""
    if not question.strip():
        raise CommandUsageError("there is nothing to search for: deixis memory search QUERY")
    _whose(user, thread)
    with _opened() as kept:
        found = kept.memory.recall(question, user=user, thread=thread, k=most)
    if as_json:
        emit({"user": user, "memories": [_recalled_json(one) for one in found]})
        return
    for one in found:
        _show(one.item, f"{one.score:.2f}", one.earlier)
    if not found:
        say("Nothing of that is remembered.")


def list_all(*, user: str | None, thread: str | None, as_json: bool) -> None:
    """Prints all memories of a user, oldest first."""
    _whose(user, thread)
    with _opened() as kept:
        items = kept.memory.items(user=user, thread=thread if user is None else None, within=thread)
    if as_json:
        emit({"user": user, "memories": [_json(item) for item in items]})
        return
    for item in items:
        _show(item, "newer: " + item.replaced_by[:8] if item.replaced_by else "", ())
    if not items:
        say("Nothing is remembered.")


def forget(
    ids: Sequence[str], *, user: str | None, thread: str | None, everything: bool, as_json: bool
) -> None:
    """Forgets memories by their ids, a conversation, or all that is kept of a user."""
    _whose(user, thread)
    if sum((bool(ids), thread is not None, everything)) != 1:
        raise CommandUsageError(
            "say what to forget: ids of memories, or --thread T, or --all that is kept of the user"
        )
    with _opened() as kept, status("Forgetting …"):
        whole = kept.memory.items(user=user, thread=thread if user is None else None)
        if ids:
            named = _named(whole, ids)
            gone = kept.memory.forget(user=user, thread=thread, ids=[item.id for item in named])
        else:
            named = [item for item in whole if item.thread == thread]
            gone = forget_all(kept.checkpoints, kept.memory, user=user, thread=thread)
        still = [] if everything else said_in(kept.checkpoints, named, user=user)
    if as_json:
        emit({"user": user, "forgotten": gone.model_dump(mode="json"), "still_said_in": still})
        return
    say(
        f"Forgotten: {gone.memories} memories, {gone.threads} conversations, "
        f"{gone.images} pictures."
    )
    if still:
        say(plain(f"Still said in: {', '.join(still)} (see --thread)."), to_stderr=True)


def _named(there: Sequence[MemoryItem], ids: Sequence[str]) -> list[MemoryItem]:
    """Memories by the beginnings of their ids, as a list shows them."""
    named: list[MemoryItem] = []
    for given in ids:
        if len(given) < _SHORTEST_ID:
            raise CommandUsageError(
                f"{given!r} is too short for an id: give {_SHORTEST_ID} letters of it or more"
            )
        fitting = [item for item in there if item.id.startswith(given)]
        if len(fitting) != 1:
            told = f"{len(fitting)} memories begin with" if fitting else "there is no memory"
            raise CommandUsageError(f"{told} {given!r}: see `deixis memory list`")
        named += fitting
    return named


def export(*, user: str | None, out: Path | None, with_images: bool) -> None:
    """Writes all that is kept of a user as JSON, to a file or to stdout."""
    if not user:
        raise CommandUsageError("export whose data? Give --user")
    if out is not None and not out.parent.is_dir():
        raise CommandUsageError(f"there is no folder {out.parent}: make it first")
    with _opened() as kept:
        whole = exported(
            kept.memory, kept.checkpoints, kept.images, user=user, with_images=with_images
        )
    if out is None:
        emit(whole)
        return
    try:
        out.write_text(json.dumps(whole, ensure_ascii=True, indent=1) + "\n", encoding="ascii")
    except OSError as error:
        raise CommandUsageError(f"{out} can't be written ({error.strerror})") from None
    say(f"Written to {out}.", to_stderr=True)


def keep(
    *,
    user: str | None,
    days: float | None,
    most: int | None,
    kinds: str | None,
    forever: bool,
    as_json: bool,
) -> None:
    """Sets, or shows, what is kept of a user and for how long."""
    if not user:
        raise CommandUsageError("whose memories? Give --user")
    changed: dict[str, Any] = {}
    if forever:
        changed |= {"days": None, "most": None}
    changed |= {name: v for name, v in (("days", days), ("most", most)) if v is not None}
    if kinds is not None:
        changed["kinds"] = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    with _opened() as kept:
        policy = kept.memory.policy(user=user)
        gone = Forgotten()
        if changed:
            try:
                policy = MemoryPolicy.model_validate({**policy.model_dump(), **changed})
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                raise CommandUsageError(f"{first['loc'][0]}: {first['msg'].lower()}") from None
            gone = kept.memory.set_policy(policy, user=user)
            old = expire(kept.checkpoints, kept.memory)
            gone = gone.model_copy(update={"threads": old})
    if as_json:
        emit(
            {
                "user": user,
                "policy": _policy_json(policy),
                "forgotten": gone.model_dump(mode="json"),
            }
        )
        return
    days_told = "for good" if policy.days is None else f"for {policy.days:g} days"
    most_told = "" if policy.most is None else f", the newest {policy.most}"
    say(f"Kept of {plain(user)}: {', '.join(sorted(policy.kinds)) or 'notes only'}, "
        f"{days_told}{most_told}.")  # fmt: skip
    if gone.memories or gone.threads:
        say(f"Forgotten: {gone.memories} memories, {gone.threads} conversations.")


def index(*, as_json: bool) -> None:
    """Checks the index of memories, and brings it up to the record."""
    with _opened() as kept:
        state = kept.memory.flush()
    told = f"The index is {state.state}. {state.detail}".strip()
    if state.state not in ("ready", "elsewhere", "off"):
        raise CommandFailedError(told)
    if as_json:
        emit({"index": state.model_dump(mode="json")})
        return
    say(plain(told))


@contextmanager
def _opened() -> Generator[Kept]:
    try:
        kept = open_kept(index_progress=True)
    except OSError as error:
        raise CommandUsageError(f"what is kept can't be opened ({error})") from None
    try:
        yield kept
    finally:
        kept.close()


def _whose(user: str | None, thread: str | None) -> None:
    if "" in (user, thread):
        raise CommandUsageError("a name that is empty is nobody's: give --user or --thread one")
    if user is None and thread is None:
        raise CommandUsageError("whose memories? Give --user, or --thread for one without a user")


def _policy_json(policy: MemoryPolicy) -> dict[str, Any]:
    return {**policy.model_dump(mode="json"), "kinds": sorted(policy.kinds)}


def _json(item: MemoryItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        "text": item.text,
        "question": item.question or None,
        "facts": item.facts,
        "places": [_place_json(place) for place in item.places],
        "thread": item.thread,
        "source": item.source or None,
        "created": item.created.isoformat(),
        "updated": item.updated.isoformat(),
        "count": item.count,
        "replaced_by": item.replaced_by,
        "expires": None if item.expires is None else item.expires.isoformat(),
    }


def _place_json(place: MemoryPlace) -> dict[str, Any]:
    detection = place.detection
    return {
        "image": place.image.handle,
        "sha256": place.image.sha256,
        "source": place.image.source,
        "label": detection.label,
        "text": detection.text,
        "box": None if detection.box is None else [round(v, 1) for v in detection.box.xyxy],
        "score": detection.score,
    }


def _recalled_json(found: Recollection) -> dict[str, Any]:
    earlier = [_json(item) for item in found.earlier]
    return {**_json(found.item), "score": round(found.score, 4), "earlier": earlier}


def _show(item: MemoryItem, note: str, earlier: Iterable[MemoryItem]) -> None:
    told = f"{item.text} " + (f"(asked: {item.question})" if item.question else "")
    say(plain(" ".join(told.split())))
    when = f"{item.updated.astimezone():%Y-%m-%d %H:%M}"
    marks = [item.id[:8], item.kind, when, f"×{item.count}" if item.count > 1 else "", note]
    say(plain(f"  {'  '.join(mark for mark in marks if mark)}"), dim=True)
    for place in item.places:
        if place.detection.box is not None:
            corners = ", ".join(f"{value:.0f}" for value in place.detection.box.xyxy)
            text = place.detection.text or place.detection.label
            say(plain(f"  {place.image.source}  [{corners}]  {text}"), dim=True)
    for older in earlier:
        say(plain(f"  before, {older.updated.astimezone():%Y-%m-%d %H:%M}: {older.text}"), dim=True)
