"""Numbers of PRODUCT.md that the fold goes by; each may become a setting, none is written twice."""

from __future__ import annotations

STOP_RADIUS_M = 40.0  # INTERFACES ruling 8
CORRIDOR_M = 50.0  # PRODUCT, six fixed, 1 route: plus the fix's accuracy
ACCURACY_CAP_M = 30.0  # own choice: a worse fix may not widen a corridor to the next street
STANDSTILL_KMH = 3.0  # INTERFACES ruling 8
MOVING_OFF_KMH = 5.0  # own choice: above the jitter of a standing bus, below a crawl
SAME_CARD_MS = 60_000  # PROTOCOL, ride: the same card again within 60 s is one reading
TRIP_WINDOW_BEFORE_MS = 60 * 60_000  # architecture.md, how trips are cut
TRIP_WINDOW_AFTER_MS = 120 * 60_000
MOST_SHIFT_S = (
    3 * 3600
)  # own choice: what is later or earlier than that is another trip, and needs a permit of its own
MISSED_AFTER_MS = 30 * 60_000  # PRODUCT, six fixed, 2 time
APPROACHING_MS = 5 * 60_000  # the guardian's choice comes with preferences; this is its default
HISTORY_AFTER_MS = 15 * 60_000  # PROTOCOL, Time: older than this tells nobody
STALE_AT_LEAST_MS = 60_000  # PRODUCT, definitions: stale = max(60 s, 2.5 x interval)
STALE_INTERVALS = 2.5
NO_SHOW_AFTER_MS = 60_000  # own choice: a child who runs after the bus is taken along within it
LEFT_ABOARD_AFTER_MS = 120_000  # INTERFACES ruling 7
REAR_CHECK_AFTER_MS = 5 * 60_000  # own choice: unloading a full bus takes three minutes
DATA_LATE_AFTER_MS = 60_000  # PRODUCT, definitions: where data isn't complete after 60 s
LATE_AFTER_S = 600  # PRODUCT, notices: late over 10 min
DEPARTURE_OVERDUE_MS = 600_000  # PRODUCT, six fixed, 2 time: not departed 10 min after plan
SILENT_AFTER_MS = (
    180_000  # own choice: a tunnel or a dead zone between two villages is driven through in less
)
