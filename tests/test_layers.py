"""The rules of DESIGN.md that hold for the code as a whole."""

from __future__ import annotations

import ast
import importlib
import inspect
import resource
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("vision", "tools", "memory", "agents")
MAY_IMPORT = {
    "vision": {"vision"},
    "tools": {"tools", "vision"},
    "memory": {"memory", "vision"},
    "agents": {"agents", "tools", "memory", "vision"},
}
ADAPTERS = {
    "vision/_model.py",
    "vision/_turns.py",
    "vision/embedded/_model.py",
    "vision/endpoint/_model.py",
    "vision/_fallback.py",
    "vision/local/_model.py",
    "tools/_langchain.py",
}
LANGCHAIN = ("langchain", "langchain_core", "langgraph", "langsmith")
HEAVY = (
    "torch transformers langchain langchain_core langgraph langsmith chromadb onnxruntime "
    "rapidocr cv2 numpy mujoco gymnasium shapely networkx starlette uvicorn pypinyin mcp jsonschema"
).split()
PUBLIC = (
    "deixis",
    "deixis.vision",
    "deixis.vision.embedded",
    "deixis.vision.endpoint",
    "deixis.vision.local",
    "deixis.vision.qwen",
    "deixis.tools",
    "deixis.tools.maps",
    "deixis.tools.mcp",
    "deixis.tools.robot",
    "deixis.memory",
    "deixis.agents",
    "deixis.agents.mcp",
    "deixis.agents.tracing",
    "deixis.agents.web",
    "deixis.testing",
)
CODE = [
    path
    for folder in (*LAYERS, "src/deixis/testing", "tests", "examples")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
SCRIPTS = sorted((ROOT / "agents" / "web" / "static").iterdir())


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def layer_files() -> list[Path]:
    return [path for path in CODE if named(path).split("/")[0] in LAYERS]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Modules that a file imports anywhere in it, and how many dots they begin with."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level


@pytest.mark.parametrize("path", layer_files(), ids=named)
def test_a_layer_imports_only_what_is_below_it(path: Path) -> None:
    layer = named(path).split("/")[0]
    ours = {name.split(".")[1] for name, _ in imports(path) if name.startswith("deixis.")}
    assert ours <= MAY_IMPORT[layer]


@pytest.mark.parametrize("path", layer_files(), ids=named)
def test_langchain_is_imported_by_the_adapters_alone(path: Path) -> None:
    if named(path).split("/")[0] not in ("vision", "tools") or named(path) in ADAPTERS:
        return
    assert not [name for name, _ in imports(path) if name.split(".")[0] in LANGCHAIN]


@pytest.mark.parametrize("path", CODE, ids=named)
def test_imports_are_absolute(path: Path) -> None:
    assert not [name for name, dots in imports(path) if dots]


@pytest.mark.parametrize("path", [*CODE, *SCRIPTS], ids=named)
def test_a_file_has_at_most_500_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 500


@pytest.mark.parametrize("path", CODE, ids=named)
def test_no_path_of_this_machine_is_in_the_code(path: Path) -> None:
    text = path.read_text("utf-8")
    machine = [str(Path.home()) + "/", "/work" + "/", "/home" + "/"]
    assert not [prefix for prefix in machine if prefix in text]


def loaded_after(statement: str) -> set[str]:
    """The top-level modules in a fresh process after a statement."""
    code = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "statement",
    [
        "import deixis",
        "import deixis.vision",
        "from deixis.vision import parse_places, dropped_places",
        "import deixis.vision.local",
        "import deixis.vision.qwen",
        "import deixis.tools",
        "import deixis.tools.robot",
        "import deixis.tools.maps",
        "import deixis.tools.mcp",
        "import deixis.agents.mcp",
        "import deixis.agents.tracing",
        "import deixis.agents.web",
        "import deixis.memory",
        "import deixis.agents",
        "from deixis.agents.cli import run_command; run_command(['--help'])",
        "from deixis.agents.cli import run_command; run_command(['ask', '--help'])",
        "from deixis.agents.cli import run_command; run_command(['robot', '--help'])",
        "from deixis.agents.cli import run_command; run_command(['route', '--help'])",
        "from deixis.agents.cli import run_command; run_command(['serve', '--help'])",
        "from deixis.agents.cli import run_command; run_command(['trace', '--help'])",
        "from deixis.agents.cli import run_command; run_command(['--version'])",
    ],
)
def test_starting_up_loads_nothing_heavy(statement: str) -> None:
    assert not loaded_after(statement) & set(HEAVY)


def test_help_takes_under_a_third_of_a_second_of_the_processor() -> None:
    times: list[float] = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "deixis.agents.cli", "--help"],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=60,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 0.3


@pytest.mark.parametrize("name", PUBLIC)
def test_all_is_sorted_and_importable(name: str) -> None:
    module = importlib.import_module(name)
    listed: list[str] = module.__all__
    assert listed == sorted(set(listed), key=lambda n: (not n.isupper(), n[0].islower(), n))
    assert all(getattr(module, item) is not None for item in listed)


@pytest.mark.parametrize("name", PUBLIC)
def test_all_names_everything_public_that_is_imported_there(name: str) -> None:
    module = importlib.import_module(name)
    if name == "deixis":
        return
    path = Path(inspect.getfile(module))
    brought: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("deixis."):
            brought |= {alias.asname or alias.name for alias in node.names}
    assert brought <= set(module.__all__)


@pytest.mark.parametrize(
    "path", [path for path in CODE if named(path).split("/")[0] not in ("tests", "examples")],
    ids=named,
)  # fmt: skip
def test_what_is_public_is_documented(path: Path) -> None:
    tree = parsed(path)
    bare: list[str] = [] if ast.get_docstring(tree) else ["the module"]
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if node.name.startswith("_") or overloaded(node):
            continue
        bare += [] if ast.get_docstring(node) else [node.name]
        if isinstance(node, ast.ClassDef) and not protocol(node):
            bare += [f"{node.name}.{name}" for name in undocumented(path, node)]
    assert not bare


def overloaded(node: ast.AST) -> bool:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return any(isinstance(d, ast.Name) and d.id == "overload" for d in decorators)


def protocol(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)


def undocumented(path: Path, node: ast.ClassDef) -> Iterator[str]:
    """Public methods that neither have a docstring nor override one of a base class."""
    where = named(path).removeprefix("src/deixis/").removesuffix(".py").removesuffix("/__init__")
    found = getattr(importlib.import_module(f"deixis.{where.replace('/', '.')}"), node.name)
    for method in node.body:
        if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        overrides = any(method.name in vars(base) for base in found.__mro__[1:])
        private = method.name.startswith("_") or overloaded(method)
        if not (private or overrides or ast.get_docstring(method)):
            yield method.name


def test_the_packages_are_the_folders_at_the_top() -> None:
    for layer in LAYERS:
        module = importlib.import_module(f"deixis.{layer}")
        assert Path(inspect.getfile(module)).resolve() == ROOT / layer / "__init__.py"
