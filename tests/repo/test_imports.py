"""Who imports whom: the contracts of setup.cfg, and that domain and rules stay pure."""

import ast
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.waiting import PATIENCE_S

# Values and arithmetic need these of the standard library; anything that reads the world is not among them.
PURE = {
    *(
        "__future__",
        "array",
        "bisect",
        "collections",
        "dataclasses",
        "datetime",
        "enum",
        "functools",
        "heapq",
        "itertools",
    ),
    *(
        "math",
        "operator",
        "re",
        "types",
        "typing",
        "zoneinfo",
        "hashlib",
        "abc",
        "fractions",
        "decimal",
        "string",
    ),
    *("msgspec", "server"),
}
MODULES = sorted(path for layer in ("domain", "rules") for path in (ROOT / "server" / layer).rglob("*.py"))


def test_the_contracts_are_kept() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--config",
            "setup.cfg",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_domain_and_rules_import_nothing_that_reads_the_world(path: object) -> None:
    tree = ast.parse((ROOT / str(path)).read_text("utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])
    assert imported <= PURE


def test_help_needs_no_library_beyond_msgspec() -> None:
    heavy = ("flask", "sqlalchemy", "gevent", "paho", "nats", "alembic", "pydantic", "asyncio")
    script = (
        "import sys; from server.__main__ import make_parser; make_parser().format_help(); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
