import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deixis.vision._errors import ImageError
from deixis.vision._images import ImageLimits, load_image, load_images
from tests.vision.small_pictures import asymmetric, encoded


def pdf(texts: list[str], *, width: int = 200, height: int = 100) -> bytes:
    """A PDF with one page per text, in large letters."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(texts)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(texts)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for index, text in enumerate(texts):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * index} 0 R >>".encode()
        )
        stream = f"BT /F1 40 Tf 10 30 Td ({text}) Tj ET".encode()
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    out, offsets = b"%PDF-1.4\n", list[int]()
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer % (size, len(out))


# PDF


def test_a_page_is_rendered_at_200_dpi(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    path.write_bytes(pdf(["one", "two"]))
    image = load_image(path, page=2)
    assert (image.mime, image.page, image.source) == ("image/png", 2, "form.pdf page 2")
    assert image.size == image.pixels().size == (556, 278)
    assert image.pixels().getextrema() == ((0, 255), (0, 255), (0, 255))


def test_all_pages_of_a_pdf_are_loaded() -> None:
    images = load_images(pdf(["one", "two", "three"]))
    assert [image.page for image in images] == [1, 2, 3]
    assert len({image.sha256 for image in images}) == 3


def test_load_images_gives_one_of_anything_else() -> None:
    for source in (asymmetric(), encoded(asymmetric(), "PNG")):
        assert [image.size for image in load_images(source)] == [(48, 32)]


@pytest.mark.parametrize("page", [0, -1, 3])
def test_a_page_out_of_range_says_how_many_there_are(page: int) -> None:
    with pytest.raises(ImageError, match=f"no page {page}, it has 2 pages: give 1 to 2"):
        load_image(pdf(["one", "two"]), page=page)


def test_a_page_of_an_image_is_refused() -> None:
    for source in (encoded(asymmetric(), "PNG"), asymmetric(), load_image(asymmetric())):
        with pytest.raises(ImageError, match="has one page, not 2"):
            load_image(source, page=2)


def test_too_many_pages_are_refused_but_one_of_them_isnt() -> None:
    document, limits = pdf(["a", "b", "c"]), ImageLimits(pages=2)
    with pytest.raises(ImageError, match="has 3 pages, over the limit of 2"):
        load_images(document, limits=limits)
    assert load_image(document, page=3, limits=limits).page == 3


@settings(deadline=None)
@given(pixels=st.integers(1_000, 200_000), side=st.integers(20, 600))
def test_a_page_is_rendered_within_the_limits(pixels: int, side: int) -> None:
    limits = ImageLimits(pixels=pixels, side=side)
    width, height = load_image(pdf(["x"], width=211, height=97), limits=limits).size
    assert width * height <= pixels
    assert max(width, height) <= side


def test_a_protected_pdf_is_refused() -> None:
    plain = pdf(["x"])
    lock = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<00><00>]"
    key = b"11" * 32
    broken = plain.replace(b"/Root 1 0 R", b"/Root 1 0 R " + lock % (key, key))
    with pytest.raises(ImageError, match="protected by a password"):
        load_image(broken)


def test_pages_render_in_several_threads() -> None:
    document, sizes = pdf(["one", "two", "three"]), list[tuple[int, int]]()

    def work() -> None:
        sizes.extend(image.size for image in load_images(document))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [(556, 278)] * 12
