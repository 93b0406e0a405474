"""Pages of documentation as programs: what a reader would copy, run in the order of the page.

The convention (CONTRIBUTING, "Documentation"): `python` and `sh` blocks are run, each in a process
of its own, all in one folder that looks like the repository's root. A block with a title is a file
there. A block titled `Output` after another is what that one prints. Other blocks can't be run.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUTPUT = "Output"
_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)(?P<rest>[^\n]*)\n(?P<body>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
_TITLE = re.compile(r'title="([^"]+)"')
_WAITS = ("chat", "mcp", "serve")
_ELSEWHERE = re.compile(r"(hf|modelscope|dashscope|openai):|\./my-|…")
_RUNS = ("deixis ", "python ", "pytest ")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block.

    Attributes:
        page: Its page, from the repository's root.
        line: Number of its first line.
        language: As written; may be empty.
        title: The file that it is, or empty.
        body: Its lines.
        output: What it prints, where the page says so.
    """

    page: str
    line: int
    language: str
    title: str
    body: str
    output: str | None = None

    @property
    def runs(self) -> bool:
        """Whether it is run by itself."""
        return self.language in ("python", "sh") and not self.title

    @property
    def commands(self) -> list[str]:
        """The commands of a shell block, continued lines joined, comments left out."""
        lines = self.body.replace("\\\n", " ").splitlines()
        return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]

    @property
    def promises(self) -> list[str]:
        """What comments behind `print(…)` say is printed, up to an ellipsis."""
        found: list[str] = []
        first: str | None = None
        for token in tokenize.generate_tokens(io.StringIO(self.body).readline):
            if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.NL):
                first = None if token.type == tokenize.NEWLINE else first
            elif token.type == tokenize.COMMENT and first == "print":
                found.append(token.string.lstrip("# ").split("…")[0].strip())
            elif token.type != tokenize.COMMENT and first is None:
                first = token.string
        return found

    def __str__(self) -> str:
        """Its place, for names of tests."""
        return f"{self.page}:{self.line}"


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order; an output belongs to the block before it."""
    text = (ROOT / page).read_text("utf-8")
    found: list[Block] = []
    for match in _BLOCK.finditer(text):
        title = _TITLE.search(match["rest"])
        indent = len(match["indent"])
        block = Block(
            page=page,
            line=text.count("\n", 0, match.start()) + 1,
            language=match["language"],
            title=title[1] if title else "",
            body="".join(line[indent:] or "\n" for line in match["body"].splitlines(True)),
        )
        if block.title == OUTPUT and found:
            found[-1] = _with_output(found[-1], block.body)
        else:
            found.append(block)
    return found


def _with_output(block: Block, output: str) -> Block:
    return Block(
        page=block.page,
        line=block.line,
        language=block.language,
        title=block.title,
        body=block.body,
        output=output,
    )


def pages() -> list[str]:
    """The README, what stands beside it, and all that is in `docs`."""
    beside = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    found = sorted((ROOT / "docs").rglob("*.md"))
    return beside + [str(path.relative_to(ROOT)) for path in found]


def could_have_run(line: str) -> bool:
    """Whether a line of a block that isn't run is a command which would end by itself here."""
    words = line.removeprefix("$ ").split()
    if words[:1] != ["deixis"] or set(words[1:2]) & set(_WAITS):
        return False
    return not _ELSEWHERE.search(line)


@dataclass
class Desk:
    """A folder that looks like the repository's root, where a page's blocks are run in order.

    Attributes:
        folder: The folder.
        data: Where the command line keeps its conversations.
        done: What each block has printed, by its first line.
    """

    folder: Path
    data: Path
    done: dict[int, str] = field(default_factory=dict[int, str])

    @classmethod
    def laid(cls, folder: Path) -> Desk:
        """A new one."""
        (folder / "here" / "out").mkdir(parents=True)
        (folder / "here" / "examples").symlink_to(ROOT / "examples")
        return cls(folder=folder / "here", data=folder / "data")

    def upto(self, block: Block) -> str:
        """Runs what comes before a block on its page, if it hasn't been run, and the block.

        Returns:
            What the block printed.
        """
        for each in blocks(block.page):
            if each.line <= block.line and each.line not in self.done:
                self.done[each.line] = self._run(each)
        return self.done[block.line]

    def _run(self, block: Block) -> str:
        if block.title:
            path = self.folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, "utf-8")
            return ""
        if block.language == "python":
            return self._process([sys.executable, "-c", block.body])
        if block.language != "sh":
            return ""
        return "".join(self._command(command) for command in block.commands)

    def _command(self, command: str) -> str:
        assert command.startswith(_RUNS), f"a page may run {', '.join(_RUNS)}, not {command!r}"
        printed = self._process(["bash", "-c", command])
        assert printed or "--out" in command, f"nothing printed by {command!r}"
        return printed

    def _process(self, command: Sequence[str]) -> str:
        binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | {"PATH": binaries, "DEIXIS_DATA_DIR": str(self.data)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, said
        assert "Traceback" not in done.stderr, said
        return done.stdout


def unlike(printed: str, expected: str) -> str | None:
    """The first line of an expected output that isn't printed; a line's end after … may be any."""
    at = printed.splitlines()
    for line in expected.splitlines():
        wanted, more, _ = line.rstrip().partition("…")
        if not wanted and more:
            continue
        fits = (n for n, said in enumerate(at) if _same(said.rstrip(), wanted, more=bool(more)))
        found = next(fits, None)
        if found is None:
            return line
        at = at[found + 1 :]
    return None


def _same(said: str, wanted: str, *, more: bool) -> bool:
    return said.startswith(wanted) if more else said == wanted
