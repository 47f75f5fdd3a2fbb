"""The channel `page`: tells the web role which notices its people now have."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from server.adapters.mqtt.codec import LiveNotice, LiveNotices, encode
from server.adapters.mqtt.topics import LIVE_NOTICES
from server.service.courier import Waiting


class PageChannel:
    """Publishes on `live/notices`; a page that isn't open finds them in its list."""

    def __init__(self, publish: Callable[[str, bytes], None]) -> None:
        self._publish = publish

    def tell(self, notices: Sequence[Waiting]) -> None:
        """Tell the web role."""
        items = tuple(LiveNotice(notice.id, notice.user_id) for notice in notices)
        self._publish(LIVE_NOTICES, encode(LiveNotices(items)))
