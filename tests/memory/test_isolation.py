"""One user's memory is never seen by another, and what is forgotten is in no file any more."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from deixis.memory import MemoryItem, MemoryPolicy, MemoryStore
from deixis.testing import NgramEmbedder
from deixis.testing._memory_conformance import HOSTILE_USERS, place_in
from deixis.vision import ImageStore, load_image
from tests.memory.chroma_server import chroma_server as chroma_server

EMBEDDER = NgramEmbedder()


def memory(user: str, text: str, **more: Any) -> MemoryItem:
    now = datetime.now(UTC)
    told: dict[str, Any] = {"id": "", "created": now, "updated": now, **more}
    return MemoryItem(user=user, text=text, **told)


# Nobody sees another's

users = st.sampled_from(HOSTILE_USERS)
ids = st.sampled_from(["1", "2", "vectors:1", 'langgraph:[["d"], "1"]', "%", "_", ""])
steps = st.one_of(
    st.tuples(st.just("remember"), users),
    st.tuples(st.just("add"), users, ids),
    st.tuples(st.just("recall"), users),
    st.tuples(st.just("get"), users, ids),
    st.tuples(st.just("items"), users),
    st.tuples(st.just("forget"), users, ids),
    st.tuples(st.just("forget all"), users),
    st.tuples(st.just("policy"), users, st.integers(1, 3)),
    st.tuples(st.just("vectors"), users, ids),
    st.tuples(st.just("langgraph"), users, ids),
)


class Tried:
    """Does a step for a user, and looks that all that comes back is the user's."""

    def __init__(self, store: MemoryStore, round_: int) -> None:
        self.store = store
        self.round = f"{round_}:"

    def name(self, user: str) -> str:
        return self.round + user

    def text(self, user: str) -> str:
        return f"The secret of {self.round}{HOSTILE_USERS.index(user)} is blue"

    def step(self, what: str, user: str, value: Any = None) -> None:
        name, text = self.name(user), self.text(user)
        store, seen = self.store, list[str]()
        match what:
            case "remember":
                seen = [store.remember(text, user=name).text]
            case "add":
                item = memory(name, text, id=value)
                seen = [kept.text for kept in store.add([item], merge=False)]
            case "recall":
                found = store.recall("The secret is blue", user=name, k=100, kinds=None)
                seen = [one.item.text for one in found]
            case "get":
                seen = [item.text for item in store.get([value], user=name)]
            case "items":
                seen = [item.text for item in store.items(user=name)]
            case "forget":
                store.forget(user=name, ids=[value])
            case "forget all":
                store.forget(user=name)
                assert store.items(user=name) == []
            case "policy":
                store.set_policy(MemoryPolicy(most=value), user=name)
                assert store.policy(user=name).most == value
            case "vectors":
                vectors = store.as_vectors(user=name)
                vectors.add_texts([text], ids=[value])
                found = [*vectors.similarity_search("secret", 100), *vectors.get_by_ids([value])]
                seen = [document.page_content for document in found]
            case _:
                items = store.as_langgraph(user=name)
                items.put(("d",), value, {"text": text})
                assert items.list_namespaces() == [("d",)]
                listed = [
                    *items.search(("d",), query="secret", limit=100),
                    items.get(("d",), value),
                ]
                seen = [item.value["text"] for item in listed if item is not None]
        # LangGraph's items are kept with their values as JSON for a text.
        assert set(seen) <= {text, json.dumps({"text": text})}


@pytest.fixture(scope="module", params=["scan", "embedded index", "server"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MemoryStore]:
    index: str | bool = request.param == "embedded index"
    if request.param == "server":
        index = request.getfixturevalue("chroma_server")
    with MemoryStore(
        tmp_path_factory.mktemp("memory"),
        embedder=EMBEDDER,
        index=index,
        index_delay=0,
        scan_most=0 if index else 50_000,
    ) as store:
        yield store


rounds = itertools.count()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(given_steps=st.lists(steps, min_size=5, max_size=20))
def test_nothing_of_another_users_comes_back(
    store: MemoryStore, given_steps: list[tuple[Any, ...]]
) -> None:
    tried = Tried(store, next(rounds))
    for what, user, *value in given_steps:
        tried.step(what, user, *value)
    store.flush()
    for user in HOSTILE_USERS:
        for what in ("recall", "items"):
            tried.step(what, user)


# What is forgotten is in no file

LONG = "My grandfather's watch is in the blue drawer under the stairs, 密码是一二三"
OTHERS = "Bob's bicycle stands behind the bakery in the third street, 密码是四五六"


def traces(folder: Path, *, text: str, picture: bytes) -> list[str]:
    """The files in which a text, the start of its vector, or a picture is still to be found."""
    wanted = {
        "text": text.encode(),
        "JSON": json.dumps(text)[1:-1].encode(),
        "half of the text": text[: len(text) // 2].encode(),
        "vector": EMBEDDER.query(text).tobytes()[:64],
        "picture": picture,
    }
    found: list[str] = []
    for file in sorted(folder.rglob("*")):
        data = file.read_bytes() if file.is_file() else b""
        found += [f"{what} in {file.name}" for what, part in wanted.items() if part in data]
    return found


def draw(pictures: ImageStore, seed: int) -> tuple[str, bytes]:
    """Stores a picture; gives its hash and some of its bytes on disk."""
    image = Image.effect_noise((64, 48), 50 + seed)
    sha256 = pictures.put(load_image(image.convert("RGB")))
    assert pictures._root is not None  # pyright: ignore[reportPrivateUsage]
    (file,) = pictures._root.rglob(f"*{sha256}*")  # pyright: ignore[reportPrivateUsage]
    return sha256, file.read_bytes()[100:400]


def filled(store: MemoryStore, pictures: ImageStore, more: int) -> tuple[bytes, bytes]:
    """Ann's and Bob's secrets, among others of theirs; gives bytes of their pictures."""
    hers, his = draw(pictures, 1), draw(pictures, 2)
    for user, text, picture in (("ann", LONG, hers), ("bob", OTHERS, his)):
        store.add([memory(user, text, places=(place_in(picture[0]),), id=f"{user}-secret")])
        some = [
            memory(user, f"Drawer {n} of {user} holds {n * n % 997} screws") for n in range(more)
        ]
        store.add(some, merge=False)
    store.flush()
    return hers[1], his[1]


@pytest.mark.parametrize("how", ["everything", "one"])
@pytest.mark.parametrize("more", [3, 1_200])  # Chroma writes its graph to files from 1,000 on
def test_what_is_forgotten_is_in_no_file(tmp_path: Path, how: str, more: int) -> None:
    pictures = ImageStore(tmp_path / "images")
    with MemoryStore(tmp_path, images=pictures, embedder=EMBEDDER, index_delay=0) as store:
        hers, his = filled(store, pictures, more)
        assert {trace.split(" in ")[0] for trace in traces(tmp_path, text=LONG, picture=hers)} >= {
            "vector", "picture",
        }  # fmt: skip
        ids = None if how == "everything" else ["ann-secret"]
        gone = store.forget(user="ann", ids=ids)
        assert (gone.memories, gone.images) == (1 if ids else more + 1, 1)
        assert traces(tmp_path, text=LONG, picture=hers) == []
        found = {trace.split(" in ")[0] for trace in traces(tmp_path, text=OTHERS, picture=his)}
        assert found >= {"vector", "picture"}
        assert store.recall(OTHERS, user="bob")[0].item.text == OTHERS
    assert traces(tmp_path, text=LONG, picture=hers) == []


_FORGETTING = """
import sys
from deixis.memory import MemoryStore
from deixis.testing import NgramEmbedder
with MemoryStore(sys.argv[1], embedder=NgramEmbedder(), index_delay=0) as store:
    print(store.forget(user="ann").memories, store.index_status.state)
"""


def test_what_another_process_forgets_leaves_the_owners_index(tmp_path: Path) -> None:
    pictures = ImageStore(tmp_path / "images")
    with MemoryStore(tmp_path, images=pictures, embedder=EMBEDDER, index_delay=0) as store:
        hers, his = filled(store, pictures, 3)
        done = subprocess.run(
            [sys.executable, "-c", _FORGETTING, str(tmp_path)],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert done.stdout.split() == ["4", "elsewhere"]
        assert store.recall(LONG, user="ann") == []
        store.flush()
        left = traces(tmp_path, text=LONG, picture=b"no picture")
        assert left == []
        assert traces(tmp_path, text=OTHERS, picture=his) != []
        assert hers  # Ann's picture stays: the other process was told of no pictures
