"""A hook of MkDocs: pages of the site that are files elsewhere in the repository.

The README is its first page; CONTRIBUTING, CHANGELOG and the examples have pages, too. Links and
pictures are written for readers of the repository, and are led to the site's pages here.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
PICTURES = PurePosixPath("examples/images")
EXAMPLES = "examples.md"
_FENCED = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?P<before>!?\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]\()(?P<to>[^()\s]+)\)")
_SOURCE = re.compile(r"(?<=src=\")(?P<to>[^\"]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages and the pictures that lie outside the folder."""
    for origin, uri in PAGES.items():
        files.append(File.generated(config, uri, content=(ROOT / origin).read_text("utf-8")))
    files.append(File.generated(config, EXAMPLES, content=_examples()))
    for picture in sorted((ROOT / PICTURES).glob("*.[jg][pi][gf]")):
        uri = f"images/{picture.name}"
        files.append(File.generated(config, uri, abs_src_path=str(picture)))
    return files


def on_page_markdown(
    markdown: str,
    page: Page,
    config: MkDocsConfig,  # noqa: ARG001
    files: Files,  # noqa: ARG001
) -> str:
    """Leads links to where the site has what they name."""
    uri = page.file.src_uri
    origin = next((o for o, u in PAGES.items() if u == uri), f"docs/{uri}")
    here = PurePosixPath(origin).parent

    def link(found: re.Match[str]) -> str:
        to = _led(found["to"], here, uri)
        return found["text"] if to is None else f"{found['before']}{to})"

    def source(found: re.Match[str]) -> str:
        return _led(found["to"], here, uri) or found["to"]

    parts = _FENCED.split(markdown)
    parts[::2] = [_SOURCE.sub(source, _LINK.sub(link, part)) for part in parts[::2]]
    return "".join(parts)


def _led(to: str, here: PurePosixPath, uri: str) -> str | None:
    """Where a link goes on the site; None where it has no page for a file of the repository."""
    path, mark, anchor = to.partition("#")
    if not path or ":" in path:
        return to
    named = PurePosixPath(os.path.normpath(here / path))
    if named.is_relative_to("docs") and named.suffix:
        led = str(named.relative_to("docs"))
    elif str(named) in PAGES:
        led = PAGES[str(named)]
    elif named.parent == PICTURES:
        led = f"images/{named.name}"
    elif named.parent == PurePosixPath("examples") and named.suffix == ".py":
        led, mark, anchor = EXAMPLES, "#", named.stem
    elif str(named) == "examples":
        led = EXAMPLES
    elif (ROOT / named).exists():
        return None
    else:
        return to  # strict building says that there is no such page
    return os.path.relpath(led, PurePosixPath(uri).parent) + mark + anchor


def _examples() -> str:
    """The short programs in `examples/`, each under the first line of its docstring."""
    said = [
        "# Examples",
        "Each is a file in `examples/`, run from the repository's root by a test.",
    ]
    for path in sorted((ROOT / "examples").glob("*.py")):
        program = path.read_text("utf-8")
        title = (ast.get_docstring(ast.parse(program)) or path.stem).splitlines()[0]
        said += [f"## {title.rstrip('.')} {{ #{path.stem} }}"]
        said += [f'```python title="examples/{path.name}"\n{program.strip()}\n```']
    return "\n\n".join(said) + "\n"
