"""The soak uses what the fault tests use, and runs only when it is asked for (`-m soak`)."""

import pytest

from tests.faults.conftest import make_house, make_system

__all__ = ["make_house", "make_system"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the soak out of a run that doesn't name it: it takes minutes to hours."""
    if "soak" in config.option.markexpr:
        return
    out = [item for item in items if item.get_closest_marker("soak")]
    items[:] = [item for item in items if item not in out]
    config.hook.pytest_deselected(items=out)
