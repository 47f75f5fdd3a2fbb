"""The demo: a made-up county whose buses are on the road whatever the hour, and accounts to look at it."""

from server.demo.accounts import announce
from server.demo.start import ensure_pack

__all__ = ["announce", "ensure_pack"]
