"""Where scenarios keep their databases: in memory, where the machine has such a place, since nothing of them outlives a test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """Give a folder for a test's databases."""
    if not os.access(_MEMORY, os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="sixfixed-scenario-", dir=_MEMORY))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
