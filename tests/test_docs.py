"""The documentation shows nothing that doesn't run, and builds as a site with no loose ends."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import pytest

from tests.pages import ROOT, Block, Desk, blocks, could_have_run, pages, unlike
from tests.simulator import missing

PAGES = pages()
BLOCKS = [block for page in PAGES for block in blocks(page)]
RUN = [block for block in BLOCKS if block.runs]
SHOWN = [block for block in BLOCKS if not block.runs and not block.title]
FILES = [block for block in BLOCKS if block.title and not block.page.startswith("README")]


def _simulates(block: Block) -> bool:
    return bool(re.search(r"MujocoArm|deixis robot(?!.*--arm stub)", block.body))


def _marked(block: Block) -> object:
    many = block.language == "sh" and len(block.commands) > 3
    slow = many or _simulates(block) or "pytest" in block.body
    return pytest.param(block, id=str(block), marks=[pytest.mark.slow] if slow else [])


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Desk]:
    """A desk for each page, so that no page stands on what another left."""
    return {page: Desk.laid(tmp_path_factory.mktemp("desk")) for page in PAGES}


@pytest.mark.parametrize("block", [_marked(block) for block in RUN])
def test_a_block_runs_and_prints_what_it_says(block: Block, desks: dict[str, Desk]) -> None:
    if _simulates(block) and missing():
        pytest.skip(missing())
    printed = desks[block.page].upto(block)
    at = 0
    for promise in block.promises if block.language == "python" else ():
        assert promise in printed[at:], f"{promise!r} isn't in {printed[at:]!r}"
        at = printed.index(promise, at) + len(promise)
    if block.output is not None:
        wrong = unlike(printed, block.output)
        assert wrong is None, f"{wrong!r} isn't in {printed!r}"


@pytest.mark.parametrize("block", SHOWN, ids=str)
def test_what_is_not_run_could_not_be_run(block: Block) -> None:
    assert not [line for line in block.body.splitlines() if could_have_run(line)]
    if "deixis" in block.body and "import" in block.body:
        assert re.search(r"(hf|modelscope|dashscope|openai):", block.body)


@pytest.mark.parametrize("block", FILES, ids=str)
def test_a_file_on_a_page_is_used_there(block: Block) -> None:
    later = [other.body for other in blocks(block.page) if other.line > block.line]
    name = Path(block.title)
    uses = (block.title, str(name.parent), f"from {name.stem} import", f"import {name.stem}")
    assert any(use in body for body in later for use in uses if use != ".")


def test_pages_have_programs() -> None:
    assert len(RUN) > 60


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a link or an anchor that leads nowhere fails."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    assert "does not contain an anchor" not in done.stderr
    return folder


class _Seen(HTMLParser):
    """What a page loads, and what it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.pictures: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        if tag in ("script", "img", "iframe", "source", "video"):
            self.loads.append(given.get("src", ""))
        if tag == "link" and given.get("rel") not in ("canonical", "next", "prev"):
            self.loads.append(given.get("href", ""))
        if tag == "img":
            self.pictures.append(given.get("src", ""))


def _seen(path: Path) -> _Seen:
    seen = _Seen()
    seen.feed(path.read_text("utf-8"))
    return seen


def test_the_site_has_a_page_for_every_file(site: Path) -> None:
    for page in PAGES:
        if page.startswith("docs/"):
            assert (site / page.removeprefix("docs/")).with_suffix(".html").is_file()
    assert (site / "index.html").is_file()
    assert (site / "examples.html").is_file()


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        assert not [address for address in _seen(path).loads if "//" in address]
    for path in site.rglob("*.css"):
        styles = path.read_text("utf-8")
        assert not re.search(r"@import|url\([\"']?(https?:)?//", styles)


def test_every_picture_of_the_site_is_there(site: Path) -> None:
    shown = {
        (path.parent / picture).resolve()
        for path in site.rglob("*.html")
        for picture in _seen(path).pictures
    }
    assert len(shown) >= 3
    assert all(picture.is_file() for picture in shown)


REFERENCES = [
    (page, package)
    for page in PAGES
    if page.startswith("docs/reference/")
    for package in re.findall(r"^::: ([\w.]+)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize(("page", "package"), REFERENCES, ids=[one for _, one in REFERENCES])
def test_the_reference_has_every_public_name(site: Path, page: str, package: str) -> None:
    ids = _seen((site / page.removeprefix("docs/")).with_suffix(".html")).ids
    names: list[str] = import_module(package).__all__
    assert [name for name in names if f"{package}.{name}" not in ids] == []


def test_every_package_has_a_reference() -> None:
    wanted = {
        "deixis.agents",
        "deixis.agents.web",
        "deixis.memory",
        "deixis.testing",
        "deixis.tools",
        "deixis.tools.maps",
        "deixis.tools.robot",
        "deixis.vision",
    }
    assert wanted <= {package for _, package in REFERENCES}
