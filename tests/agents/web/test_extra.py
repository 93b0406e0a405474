"""The package without its extra: cheap to import, and it says what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest

_WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Without(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Without())
from deixis.vision import DeixisError
import deixis.agents.web as web
try:
    web.serve
except DeixisError as error:
    print(error)
"""


@pytest.mark.parametrize("module", ["starlette", "uvicorn"])
def test_without_the_extra_it_is_told_what_to_install(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT, module], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        f"the web page takes {module}, which isn't installed: pip install 'deixis[web]'\n"
    )


def test_importing_it_loads_no_server() -> None:
    code = "import sys, deixis.agents.web; print('starlette' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
