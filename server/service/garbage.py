"""How seldom ingest's process looks for circular garbage.

What ingest keeps of its buses are values without circles, and a batch makes thousands of objects at once: CPython's own thresholds have
it look through all of them again and again, a quarter of the time with 5,000 buses. Counting of references frees them all the same.
"""

from __future__ import annotations

import gc
from typing import Final

# Own choice: new objects between two looks at the young, and how many looks make one at the older and at the oldest.
SELDOM: Final = (50_000, 20, 100)


def look_seldom() -> None:
    """Leave what is there now alone for good (modules, plans read at the start), and look for circles among the rest seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
