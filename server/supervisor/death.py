"""Let children die with their parent, whatever the parent died of.

Linux has a signal for that; elsewhere a parent that is killed with SIGKILL leaves its children running.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent() -> Callable[[], None] | None:
    """Give a `preexec_fn` that has the kernel kill the child when this process ends, None elsewhere.

    SIGKILL, not SIGTERM: a child that hangs would keep the ports, and every role must survive kill -9 anyway.
    """
    if not sys.platform.startswith("linux"):
        return None
    # Loaded before the fork: between fork and exec nothing may wait for another thread's lock.
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def preexec() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the wish was known
            os._exit(1)

    return preexec
