import json
import multiprocessing
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from deixis.vision._errors import ImageError, ImageHandleError, PlaceError
from deixis.vision._geometry import Box, Detection, Point, Quad
from deixis.vision._images import ImageLimits, VisionImage, load_image
from deixis.vision._store import ImageBook, ImageRecord, ImageStore

ABSENT = "0" * 64


def picture(colour: str = "red", size: tuple[int, int] = (40, 30)) -> VisionImage:
    return load_image(Image.new("RGB", size, colour))


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "images" if request.param == "folder" else None)


@pytest.fixture
def book() -> ImageBook:
    return ImageBook(ImageStore())


# The store


def test_what_is_put_comes_back_as_it_was(store: ImageStore) -> None:
    image = picture()
    assert store.put(image) == image.sha256
    kept = store.get(image.sha256)
    assert (kept.data, kept.mime, kept.size) == (image.data, image.mime, image.size)
    assert kept.source == image.sha256[:12]
    assert kept.pixels().getpixel((0, 0)) == (255, 0, 0)


def test_a_turned_photo_comes_back_upright(store: ImageStore, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("jpg", "png", "webp", "tiff"):
        path = tmp_path / f"photo.{kind}"
        Image.new("RGB", (40, 30)).save(path, exif=exif)
        kept = store.get(store.put(load_image(path)))
        assert kept.size == kept.pixels().size == (30, 40)


def test_putting_twice_keeps_one(store: ImageStore) -> None:
    store.put(picture())
    store.put(picture())
    assert list(store.hashes()) == [picture().sha256]


def test_membership_and_deletion(store: ImageStore) -> None:
    sha256 = store.put(picture())
    assert sha256 in store
    store.delete(sha256)
    store.delete(sha256)
    assert sha256 not in store
    assert list(store.hashes()) == []


def test_an_absent_image_is_an_error(store: ImageStore) -> None:
    with pytest.raises(ImageHandleError, match="no image 000000000000… is in the store"):
        store.get(ABSENT)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_a_malformed_hash_is_refused(store: ImageStore, name: str) -> None:
    assert name not in store
    for use in (store.get, store.delete):
        with pytest.raises(ImageHandleError, match="is no image's hash"):
            use(name)


@settings(deadline=None)
@given(colours=st.lists(st.integers(0, 0xFFFFFF), max_size=8))
def test_a_store_holds_just_what_was_put(colours: list[int]) -> None:
    store = ImageStore()
    put = {store.put(picture(f"#{colour:06x}", (2, 2))) for colour in colours}
    assert set(store.hashes()) == put
    assert len(put) == len(set(colours))


def test_a_folder_survives(tmp_path: Path) -> None:
    sha256 = ImageStore(tmp_path).put(picture())
    assert (tmp_path / sha256[:2] / sha256).read_bytes() == picture().data
    assert ImageStore(tmp_path).get(sha256).size == (40, 30)


def test_no_temporary_file_stays(tmp_path: Path) -> None:
    sha256 = ImageStore(tmp_path).put(picture())
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [sha256]


def test_what_a_killed_write_left_is_no_image(tmp_path: Path) -> None:
    store = ImageStore(tmp_path)
    sha256 = store.put(picture())
    (tmp_path / sha256[:2] / ".new-abc").write_bytes(b"half")
    assert list(store.hashes()) == [sha256]


def test_a_damaged_file_is_refused_and_mended_by_putting_again(tmp_path: Path) -> None:
    store = ImageStore(tmp_path)
    sha256 = store.put(picture())
    (tmp_path / sha256[:2] / sha256).write_bytes(picture("blue").data)
    with pytest.raises(ImageError, match="is damaged: add it again"):
        store.get(sha256)
    store.put(picture())
    assert store.get(sha256).data == picture().data


def test_a_folder_that_cant_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ImageError, match=r"can't be used \(.+\): free it up or choose another"):
        ImageStore(tmp_path / "file").put(picture())


@pytest.mark.parametrize("limits", [ImageLimits(pixels=100), ImageLimits(bytes=10)])
def test_an_image_over_the_stores_limits_isnt_taken(limits: ImageLimits) -> None:
    with pytest.raises(ImageError, match="over the"):
        ImageStore(limits=limits).put(picture())


def test_an_image_whose_hash_is_wrong_isnt_taken() -> None:
    forged = replace(picture(), sha256=ABSENT, source="x")
    with pytest.raises(ImageError, match="hash of x doesn't fit"):
        ImageStore().put(forged)


def test_many_threads_may_put_the_same(tmp_path: Path) -> None:
    store, image = ImageStore(tmp_path), picture()
    threads = [threading.Thread(target=store.put, args=(image,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get(image.sha256).data == image.data
    assert list(store.hashes()) == [image.sha256]


def put_many(root: Path) -> None:
    for level in range(10):
        ImageStore(root).put(picture(f"rgb({level},0,0)", (4, 4)))


def test_several_processes_may_share_a_folder(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=put_many, args=(tmp_path,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    store = ImageStore(tmp_path)
    assert len([store.get(sha256) for sha256 in store.hashes()]) == 10


# The book


def test_handles_count_up(book: ImageBook) -> None:
    handles = [book.add(picture(colour)).handle for colour in ("red", "green", "blue")]
    assert handles == ["img_1", "img_2", "img_3"]
    assert book.latest == book["img_3"]
    assert [record.handle for record in book.records] == handles


def test_an_empty_book_has_no_latest(book: ImageBook) -> None:
    assert (book.latest, book.records) == (None, ())


def test_the_next_handle_is_one_past_the_highest() -> None:
    record = ImageBook(ImageStore()).add(picture())
    renamed = record.model_copy(update={"handle": "img_9"})
    book = ImageBook(ImageStore(), [renamed])
    assert book.add(picture("blue")).handle == "img_10"


def test_the_same_bytes_keep_their_record(book: ImageBook) -> None:
    first = book.add(picture())
    book.add(picture("blue"))
    assert book.add(picture()) == first
    assert len(book.records) == 2


def test_the_same_bytes_from_elsewhere_are_another_image(book: ImageBook) -> None:
    book.add(picture(size=(80, 60)))
    left = book.add(picture(), parent="img_1", region=Box(x1=0, y1=0, x2=40, y2=30))
    right = book.add(picture(), parent="img_1", region=Box(x1=40, y1=0, x2=80, y2=30))
    assert (left.handle, right.handle) == ("img_2", "img_3")


def test_an_unknown_handle_lists_the_known(book: ImageBook) -> None:
    with pytest.raises(ImageHandleError, match="the images are none yet"):
        book["img_1"]
    book.add(picture())
    book.add(picture("blue"))
    with pytest.raises(ImageHandleError, match="no image 'img_7': the images are img_1, img_2"):
        book["img_7"]


def test_two_records_of_one_handle_are_refused(book: ImageBook) -> None:
    record = book.add(picture())
    with pytest.raises(ImageHandleError, match="two images are called img_1"):
        ImageBook(ImageStore(), [record, record])


def test_records_live_through_json(book: ImageBook) -> None:
    store = ImageStore()
    before = ImageBook(store)
    before.add(picture(size=(80, 60)))
    before.add(picture(), parent="img_1", region=Box(x1=0, y1=0, x2=40.5, y2=30))
    state = json.dumps([record.model_dump(mode="json") for record in before.records])
    after = ImageBook(store, [ImageRecord.model_validate(record) for record in json.loads(state)])
    assert after.records == before.records
    assert after.records[0].size == (80, 60)


def test_an_image_comes_back_with_its_source_and_page(book: ImageBook) -> None:
    page = replace(picture(), source="form.pdf page 2", page=2)
    image = book.image(book.add(page).handle)
    assert (image.source, image.page, image.size) == ("form.pdf page 2", 2, (40, 30))


def test_threads_get_different_handles(book: ImageBook) -> None:
    images = [picture(f"rgb({level},0,0)", (4, 4)) for level in range(20)]
    threads = [threading.Thread(target=book.add, args=(image,)) for image in images]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({record.handle for record in book.records}) == 20


@pytest.mark.parametrize(
    ("parent", "region", "says"),
    [
        (None, Box(x1=0, y1=0, x2=1, y2=1), "needs the image it was cut from"),
        ("img_1", Box(x1=0, y1=0, x2=41, y2=30), "lie inside img_1, which is 40 × 30"),
        ("img_1", Box(x1=5, y1=5, x2=5, y2=9), "must have an area"),
        ("img_1", Box(x1=0, y1=0, x2=9, y2=9, image="img_2"), "is on img_2, not on img_1"),
    ],
)
def test_a_bad_region_is_refused(
    book: ImageBook, parent: str | None, region: Box, says: str
) -> None:
    book.add(picture())
    with pytest.raises(PlaceError, match=says):
        book.add(picture("blue"), parent=parent, region=region)


def test_an_unknown_parent_is_refused(book: ImageBook) -> None:
    with pytest.raises(ImageHandleError):
        book.add(picture(), parent="img_1")


def test_a_detection_on_a_cut_of_a_cut_is_moved_to_the_original(book: ImageBook) -> None:
    book.add(picture(size=(400, 300)))
    # The first cut is enlarged twice, the second isn't.
    book.add(picture("blue", (200, 100)), parent="img_1", region=Box(x1=100, y1=50, x2=200, y2=100))
    book.add(picture("green", (60, 40)), parent="img_2", region=Box(x1=20, y1=10, x2=80, y2=50))
    seen = Detection(
        label="sign",
        box=Box(x1=0, y1=0, x2=60, y2=40),
        point=Point(x=30, y=20),
        quad=Quad.of_box(Box(x1=0, y1=0, x2=60, y2=40)),
        image="img_3",
    )
    moved = book.in_original(seen)
    box = Box(x1=110, y1=55, x2=140, y2=75, image="img_1")
    assert (moved.image, moved.box) == ("img_1", box)
    assert moved.point == Point(x=125, y=65, image="img_1")
    assert moved.quad == Quad.of_box(box)


def test_a_detection_on_an_original_stays(book: ImageBook) -> None:
    book.add(picture())
    seen = Detection(label="sign", point=Point(x=3, y=4)).on("img_1")
    assert book.in_original(seen) == seen


def test_a_detection_on_no_image_is_refused(book: ImageBook) -> None:
    with pytest.raises(PlaceError, match="names no image"):
        book.in_original(Detection(label="sign"))


def test_records_in_a_ring_dont_hang() -> None:
    shape = {"sha256": ABSENT, "width": 4, "height": 4, "source": "x"}
    ring = [
        ImageRecord.model_validate({**shape, "handle": "img_1", "parent": "img_2"}),
        ImageRecord.model_validate({**shape, "handle": "img_2", "parent": "img_1"}),
    ]
    with pytest.raises(PlaceError, match="cut from itself"):
        ImageBook(ImageStore(), ring).in_original(Detection(label="sign", image="img_1"))
