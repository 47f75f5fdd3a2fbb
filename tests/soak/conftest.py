"""The soak uses what the fault tests use."""

from tests.faults.conftest import make_house, make_system

__all__ = ["make_house", "make_system"]
