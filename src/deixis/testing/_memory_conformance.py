"""What every configuration of memory must hold to, as tests that any can run against itself."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from PIL import Image

from deixis.memory import MemoryItem, MemoryPlace, MemoryPolicy
from deixis.vision import (
    Box,
    DeixisError,
    Detection,
    ImageRecord,
    ImageStore,
    load_image,
)

if TYPE_CHECKING:
    from deixis.memory import MemoryStore, Recollection

HOSTILE_USERS: Final = (
    "", "ann", "Ann", "ann ", " ann", "a/b", "a%2Fb", "a", "user:a", "user:a/", "thread:t", "../a",
    "%", "_", "*", "\x00", "\udcff", "\ufffd", "😀", "None", "null", "' OR 1=1 --",
    'x"; DROP TABLE memory_items; --', "é", "e\u0301", "n" * 5_000, "n" * 5_001,
)  # fmt: skip
"""Names of users that have nothing to do with each other, however alike they are written."""

_SAID: Final = (
    "The pharmacy closes at five in the afternoon",
    "Green apples lie in the kitchen drawer",
    "Our train to Berlin leaves from platform nine",
    "The radiology department has a blue door",
    "Grandmother's birthday cake needs almonds",
)


def memory(text: str, *, user: str | None = "ann", **more: Any) -> MemoryItem:
    """A memory of now, with whatever else is given."""
    now = datetime.datetime.now(datetime.UTC)
    told: dict[str, Any] = {"id": "", "created": now, "updated": now, **more}
    return MemoryItem(user=user, text=text, **told)


def place_in(sha256: str) -> MemoryPlace:
    """A place in a stored picture of 64 × 48."""
    box = Box(x1=1, y1=2, x2=30, y2=20, image="img_1")
    image = ImageRecord(handle="img_1", sha256=sha256, width=64, height=48, source="a picture")
    return MemoryPlace(detection=Detection(label="cup", box=box, image="img_1"), image=image)


class MemoryStoreConformance(ABC):
    """Subclass it in a test module, open a store, and pytest runs the suite.

    ```python
    class TestMyMemory(MemoryStoreConformance):
        def open_store(self, folder: Path) -> MemoryStore:
            return MemoryStore(folder, images=ImageStore(folder / "images"), embedder=Mine())
    ```
    """

    @abstractmethod
    def open_store(self, folder: Path) -> MemoryStore:
        """Opens the store of a folder; the second time it finds what the first has written.

        Its pictures must be in `ImageStore(folder / "images")`, and its embedder must put texts
        with the same words near each other: `NgramEmbedder` does.
        """

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[MemoryStore]:
        """The store under test."""
        with self.open_store(tmp_path) as store:
            yield store

    @pytest.fixture
    def pictures(self, tmp_path: Path) -> ImageStore:
        """The pictures that memories speak of."""
        return ImageStore(tmp_path / "images")

    @pytest.fixture
    def draw(self, pictures: ImageStore) -> Callable[[str], str]:
        """Stores a picture of one colour, and gives its hash."""
        return lambda colour: pictures.put(load_image(Image.new("RGB", (64, 48), colour)))

    def recalled(
        self, store: MemoryStore, question: str, *, user: str | None = "ann", **more: Any
    ) -> Sequence[Recollection]:
        """What comes to mind once the index has all there is."""
        store.flush()
        return store.recall(question, user=user, **more)

    def texts(self, store: MemoryStore, question: str, **more: Any) -> list[str]:
        """The same, as texts."""
        return [found.item.text for found in self.recalled(store, question, **more)]

    # What is remembered

    def test_what_fits_a_question_comes_first(self, store: MemoryStore) -> None:
        """By meaning, best first, with falling scores."""
        for text in _SAID:
            store.remember(text, user="ann")
        for text in _SAID:
            found = self.recalled(store, f"{text}?")
            assert found[0].item.text == text
            scores = [one.score for one in found]
            assert scores == sorted(scores, reverse=True)
            assert -1.001 <= scores[-1] <= scores[0] <= 1.001

    def test_it_is_there_when_the_store_is_opened_again(self, tmp_path: Path) -> None:
        """With all that it was given."""
        with self.open_store(tmp_path) as store:
            kept = store.add([memory(_SAID[0], thread="t", question="When?", source="m1")])
        with self.open_store(tmp_path) as store:
            assert store.items(user="ann") == kept
            assert [found.item for found in self.recalled(store, _SAID[0])] == kept

    def test_what_was_said_last_is_recalled_at_once(self, store: MemoryStore) -> None:
        """Nobody waits for an index."""
        for text in _SAID:
            store.remember(text, user="ann")
            assert store.recall(text, user="ann")[0].item.text == text

    def test_the_same_again_is_merged(self, store: MemoryStore) -> None:
        """Under its first id, with the newest words and a count."""
        first = store.remember("The pharmacy closes at five.", user="ann")
        again = store.remember("the Pharmacy closes at five", user="ann")
        assert (again.id, again.count, again.created) == (first.id, 2, first.created)
        assert store.items(user="ann") == [again]
        assert self.texts(store, "pharmacy") == ["the Pharmacy closes at five"]

    def test_a_contradiction_keeps_the_newer_and_shows_the_older(self, store: MemoryStore) -> None:
        """What isn't true any more isn't recalled by itself."""
        old = store.remember("The pharmacy is on floor 1", user="ann")
        new = store.remember("The pharmacy is on floor 2", user="ann")
        (found,) = self.recalled(store, "Where is the pharmacy?")
        assert found.item.id == new.id
        assert [earlier.id for earlier in found.earlier] == [old.id]

    def test_a_contradiction_of_a_contradiction_shows_both(self, store: MemoryStore) -> None:
        """Newest first."""
        for floor in (1, 2, 3):
            store.remember(f"The pharmacy is on floor {floor}", user="ann")
        (found,) = self.recalled(store, "pharmacy")
        assert [one.text[-1] for one in (found.item, *found.earlier)] == ["3", "2", "1"]

    def test_when_the_newest_is_forgotten_the_older_is_back(self, store: MemoryStore) -> None:
        """With what it contradicts itself."""
        said = [store.remember(f"The pharmacy is on floor {f}", user="ann") for f in (1, 2, 3)]
        store.forget(user="ann", ids=[said[2].id])
        (found,) = self.recalled(store, "pharmacy")
        assert [one.text[-1] for one in (found.item, *found.earlier)] == ["2", "1"]

    def test_when_the_middle_is_forgotten_the_newest_stays_alone_in_front(
        self, store: MemoryStore
    ) -> None:
        """Floor 1 was never recalled after floor 2: it doesn't come back beside floor 3."""
        said = [store.remember(f"The pharmacy is on floor {f}", user="ann") for f in (1, 2, 3)]
        store.forget(user="ann", ids=[said[1].id])
        (found,) = self.recalled(store, "pharmacy")
        assert [one.text[-1] for one in (found.item, *found.earlier)] == ["3", "1"]

    def test_a_source_is_kept_once(self, store: MemoryStore) -> None:
        """A turn that is run again after a kill is no second memory."""
        first = store.add([memory("Lift B goes to ENT", source="message-1")])
        again = store.add([memory("Lift B goes up to ENT on 4F", source="message-1")])
        assert again == first
        assert len(store.items(user="ann")) == 1

    def test_a_known_id_is_replaced(self, store: MemoryStore) -> None:
        """And found by its new words."""
        store.add([memory(_SAID[0], id="a"), memory(_SAID[1], id="b")], merge=False)
        store.add([memory(_SAID[2], id="a")], merge=False)
        assert {i.id: i.text for i in store.items(user="ann")} == {"a": _SAID[2], "b": _SAID[1]}
        assert set(self.texts(store, _SAID[0])) == {_SAID[2], _SAID[1]}

    def test_several_are_kept_all_or_none(self, store: MemoryStore) -> None:
        """One that can't be kept takes the others with it."""
        with pytest.raises(DeixisError):
            store.add([memory(_SAID[0]), memory("  ")])
        with pytest.raises(DeixisError):
            store.add([memory(_SAID[0]), memory(_SAID[1], data={"what": object()})])
        with pytest.raises(DeixisError):
            store.add([memory(_SAID[0]), memory(_SAID[1], user="bob")])
        assert store.items(user="ann") == []
        assert store.items(user="bob") == []

    # What is recalled

    def test_fewer_than_asked_for_is_all_there_is(self, store: MemoryStore) -> None:
        """However many are asked for."""
        for text in _SAID:
            store.remember(text, user="ann")
        assert set(self.texts(store, "anything", k=10_000)) == set(_SAID)
        assert len(self.texts(store, "anything", k=2)) == 2

    @pytest.mark.parametrize("question", ["", "  \n", "\udcff", "\x00", "?"])
    def test_an_odd_question_is_no_error(self, store: MemoryStore, question: str) -> None:
        """An empty one recalls nothing."""
        store.remember(_SAID[0], user="ann")
        found = self.recalled(store, question)
        assert found or not question.strip() or question == "?"
        assert store.recall(question, user="ann", k=0) == []
        assert bool(found) == bool(question.strip())

    def test_kinds_that_were_not_asked_for_stay_away(self, store: MemoryStore) -> None:
        """Documents are recalled where they are asked for, also beside very many notes."""
        notes = [memory(f"The lift {n} goes to floor {n}") for n in range(150)]
        store.add([*notes, memory("The lift has a manual", kind="document")], merge=False)
        documents = self.texts(store, "The lift", kinds=["document"])
        assert documents == ["The lift has a manual"]
        assert "The lift has a manual" not in self.texts(store, "The lift has a manual", k=500)
        assert len(self.texts(store, "The lift", k=500, kinds=None)) == 151

    def test_sources_that_are_in_the_prompt_stay_away(self, store: MemoryStore) -> None:
        """Whatever else is known comes instead."""
        store.add(
            [memory(f"The lift {n} goes up", source=f"m{n}") for n in range(150)], merge=False
        )
        left = self.recalled(store, "lift", k=5, without=[f"m{n}" for n in range(147)])
        assert {found.item.source for found in left} == {"m147", "m148", "m149"}

    def test_items_are_told_in_the_order_they_were_said(self, store: MemoryStore) -> None:
        """All of them, or those of one conversation."""
        for number, text in enumerate(_SAID):
            store.remember(text, user="ann", thread=f"t{number % 2}")
        assert [item.text for item in store.items(user="ann")] == list(_SAID)
        assert [i.text for i in store.items(user="ann", within="t1")] == [_SAID[1], _SAID[3]]

    def test_get_gives_them_in_the_order_of_the_ids(self, store: MemoryStore) -> None:
        """What isn't there is left out."""
        kept = [store.remember(text, user="ann") for text in _SAID]
        ids = [kept[3].id, "no such", "\x00", "\udcff", kept[1].id]
        assert store.get(ids, user="ann") == [kept[3], kept[1]]

    # Users

    def test_no_user_sees_what_another_said(self, store: MemoryStore) -> None:
        """However their names are written."""
        for number, user in enumerate(HOSTILE_USERS):
            store.remember(f"The secret is {number}", user=user)
        store.flush()
        for number, user in enumerate(HOSTILE_USERS):
            found = store.recall("The secret", user=user, k=100)
            assert [(r.item.user, r.item.text) for r in found] == [
                (user, f"The secret is {number}")
            ]
            assert [item.user for item in store.items(user=user)] == [user]

    def test_forgetting_one_user_leaves_the_others(self, store: MemoryStore) -> None:
        """Also one whose name begins like theirs."""
        for user in HOSTILE_USERS:
            store.remember("The secret is blue", user=user)
        forgotten = HOSTILE_USERS[::5]
        for user in forgotten:
            assert store.forget(user=user).memories == 1
        left = {user for user in HOSTILE_USERS if self.texts(store, "The secret", user=user)}
        assert left == set(HOSTILE_USERS) - set(forgotten)

    def test_nobody_gets_another_users_memory_by_its_id(self, store: MemoryStore) -> None:
        """Nor forgets it, nor takes it over."""
        hers = store.remember(_SAID[0], user="ann")
        assert store.get([hers.id], user="bob") == []
        assert store.forget(user="bob", ids=[hers.id]).memories == 0
        store.add([memory(_SAID[1], user="bob", id=hers.id)])
        assert store.get([hers.id], user="ann") == [hers]

    def test_with_no_user_a_conversation_remembers_for_itself(self, store: MemoryStore) -> None:
        """And nobody may be left to remember for."""
        store.remember(_SAID[0], user=None, thread="t")
        store.remember(_SAID[1], user="None", thread="t")
        store.remember(_SAID[2], user=None, thread="other")
        assert self.texts(store, "anything", user=None, thread="t") == [_SAID[0]]
        assert self.texts(store, "anything", user="None") == [_SAID[1]]
        with pytest.raises(DeixisError):
            store.remember(_SAID[0], user=None)

    # What is forgotten

    def test_ids_are_forgotten(self, store: MemoryStore) -> None:
        """And counted."""
        kept = [store.remember(text, user="ann") for text in _SAID]
        gone = store.forget(user="ann", ids=[kept[0].id, kept[2].id, "no such"])
        assert gone.memories == 2
        assert set(self.texts(store, _SAID[0])) == {_SAID[1], _SAID[3], _SAID[4]}

    @pytest.mark.parametrize("thread", ["t", "", "\x00", "\udcff", "a/b"])
    def test_a_conversation_is_forgotten(self, store: MemoryStore, thread: str) -> None:
        """What was said in others stays."""
        store.remember(_SAID[0], user="ann", thread=thread)
        store.remember(_SAID[1], user="ann", thread="other")
        assert store.forget(user="ann", within=thread).memories == 1
        assert self.texts(store, "anything") == [_SAID[1]]

    def test_everything_is_forgotten_and_life_goes_on(self, store: MemoryStore) -> None:
        """Nothing of before turns up beside what comes after."""
        for text in _SAID[:4]:
            store.remember(text, user="ann")
        assert store.forget(user="ann").memories == 4
        assert self.texts(store, _SAID[0]) == []
        store.remember(_SAID[4], user="ann")
        assert self.texts(store, _SAID[0]) == [_SAID[4]]

    def test_forgetting_what_was_never_there_is_nothing(self, store: MemoryStore) -> None:
        """No error, and nothing counted."""
        assert store.forget(user="nobody").memories == 0
        assert store.forget(user="nobody", ids=[]).memories == 0

    # Policy and expiry

    def test_a_user_may_set_how_many_are_kept(self, store: MemoryStore) -> None:
        """The newest stay, and the policy outlives the call."""
        for text in _SAID:
            store.remember(text, user="ann")
        assert store.set_policy(MemoryPolicy(most=2), user="ann").memories == 3
        store.remember("A dentist works on Mondays", user="ann")
        assert [i.text for i in store.items(user="ann")] == [_SAID[4], "A dentist works on Mondays"]
        assert store.policy(user="ann").most == 2
        assert store.policy(user="bob").most is None

    def test_a_user_may_set_for_how_long_they_are_kept(self, store: MemoryStore) -> None:
        """What is older is forgotten at once, the rest when it comes to that age."""
        old = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=10)
        store.add([memory(_SAID[0], created=old, updated=old), memory(_SAID[1])])
        assert store.set_policy(MemoryPolicy(days=5), user="ann").memories == 1
        (left,) = store.items(user="ann")
        assert left.expires is not None
        assert (left.expires - left.updated).days == 5

    def test_kinds_of_a_policy_are_kept_with_it(self, tmp_path: Path) -> None:
        """The agent asks for them before it writes; forgetting everything forgets them."""
        policy = MemoryPolicy(kinds=frozenset({"note"}))
        with self.open_store(tmp_path) as store:
            store.set_policy(policy, user="ann")
        with self.open_store(tmp_path) as store:
            assert store.policy(user="ann") == policy
            store.forget(user="ann")
            assert store.policy(user="ann") == MemoryPolicy()

    def test_what_has_come_to_its_time_is_not_recalled(self, store: MemoryStore) -> None:
        """And `expire` takes it away."""
        past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=1)
        kept = store.add([memory(_SAID[0], expires=past), memory(_SAID[1])])
        assert self.texts(store, _SAID[0]) == [_SAID[1]]
        assert store.items(user="ann") == store.get([i.id for i in kept], user="ann") == [kept[1]]
        assert store.expire() == 1
        assert store.expire() == 0

    # Pictures

    def test_a_picture_goes_with_the_last_that_speaks_of_it(
        self, store: MemoryStore, pictures: ImageStore, draw: Callable[[str], str]
    ) -> None:
        """Not with the first of two."""
        red = draw("red")
        first, second = store.add([memory(t, places=(place_in(red),)) for t in _SAID[:2]])
        assert store.forget(user="ann", ids=[first.id]).images == 0
        assert red in pictures
        assert store.forget(user="ann", ids=[second.id]).images == 1
        assert red not in pictures

    def test_a_picture_that_another_user_refers_to_stays(
        self, store: MemoryStore, pictures: ImageStore, draw: Callable[[str], str]
    ) -> None:
        """Only what is hers alone goes with her."""
        shared, hers = draw("green"), draw("blue")
        store.hold_images([shared, hers], user="ann", thread="t")
        store.add([memory(_SAID[0], user="bob", places=(place_in(shared),))])
        assert store.forget(user="ann").images == 1
        assert shared in pictures
        assert hers not in pictures

    def test_a_picture_that_another_conversation_shows_stays(
        self, store: MemoryStore, pictures: ImageStore, draw: Callable[[str], str]
    ) -> None:
        """Conversations hold their pictures, with memories or without."""
        shared, own = draw("white"), draw("black")
        store.hold_images([shared, own], user="ann", thread="a/b")
        store.hold_images([shared], user="ann", thread="other")
        assert store.forget(user="ann", within="a/b").images == 1
        assert shared in pictures
        assert own not in pictures

    def test_a_picture_of_what_expires_goes_as_well(
        self, store: MemoryStore, pictures: ImageStore, draw: Callable[[str], str]
    ) -> None:
        """Whether by its time or by a policy."""
        past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=1)
        red, blue = draw("red"), draw("blue")
        store.add([memory(_SAID[0], places=(place_in(red),), expires=past)])
        store.add([memory(_SAID[1], places=(place_in(blue),)), memory(_SAID[2])])
        store.expire()
        assert red not in pictures
        store.set_policy(MemoryPolicy(most=1), user="ann")
        assert blue not in pictures

    # Many at once

    def test_threads_may_share_a_store(self, store: MemoryStore) -> None:
        """Each sees what it has written, nobody sees another's, and nothing is lost."""

        def talk(number: int) -> None:
            user = f"user {number % 4}"
            for drawer in range(6):
                text = f"Drawer {drawer} of speaker {number} holds {_SAID[drawer % 5]}"
                item = store.add([memory(text, user=user)], merge=False)[0]
                found = store.recall(text, user=user, k=50)
                assert item.id in {one.item.id for one in found}
                assert {one.item.user for one in found} == {user}

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(talk, range(8)))
        store.flush()
        assert [len(store.items(user=f"user {number}")) for number in range(4)] == [12] * 4
