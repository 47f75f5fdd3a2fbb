"""The fleet as a person sees it: a live table on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.live import Live
from rich.table import Table

from device_sim.fleet import Fleet
from device_sim.publisher import Publisher

LINE_EVERY_S = 30.0
DRAW_EVERY_S = 0.5


class Display:
    """Shows a session; `table` False is the plain line."""

    def __init__(self, fleet: Fleet, publisher: Publisher, zone: ZoneInfo, table: bool) -> None:
        self._fleet = fleet
        self._publisher = publisher
        self._zone = zone
        self._next = 0.0
        self._live = Live(console=Console(), auto_refresh=False, screen=False) if table else None
        if self._live:
            self._live.start()

    def show(self, at_ms: int) -> None:
        """Draw or print again when it is time."""
        now = time.monotonic()
        if now < self._next:
            return
        if self._live:
            self._next = now + DRAW_EVERY_S
            self._live.update(self._draw(at_ms, self._live.console.height - 4), refresh=True)
        else:
            self._next = now + LINE_EVERY_S
            print(self.line(at_ms), flush=True)

    def close(self) -> None:
        """Give the terminal back."""
        if self._live:
            self._live.stop()

    def line(self, at_ms: int) -> str:
        """The session in one line."""
        buses, couriers = self._fleet.buses.values(), self._publisher.couriers.values()
        up = sum(courier.link.state == "up" for courier in couriers)
        said = sorted(
            {courier.link.why for courier in couriers if courier.link.state != "up" and courier.link.why}
        )
        text = (
            f"{self._time(at_ms)}  {len(self._fleet.buses)} buses, {up} connected, "
            f"{sum(bus.run is not None and bus.state.phase not in ('parked', 'waiting') for bus in buses)} on trips, "
            f"{sum(len(bus.state.aboard) for bus in buses)} aboard, "
            f"{sum(courier.published for courier in couriers)} sent, {sum(courier.buffered for courier in couriers)} buffered"
        )
        return f"{text}; {said[0]}" if said else text

    def _time(self, at_ms: int) -> str:
        return datetime.fromtimestamp(at_ms / 1000, self._zone).strftime("%Y-%m-%d %H:%M:%S")

    def _draw(self, at_ms: int, height: int) -> Table:
        table = Table(title=self.line(at_ms), title_justify="left", expand=False)
        for name in ("device", "trip", "phase"):
            table.add_column(name, no_wrap=True)
        table.add_column("km/h", justify="right")
        table.add_column("stop", no_wrap=True)
        table.add_column("aboard", justify="right")
        table.add_column("buffered", justify="right")
        table.add_column("connection", no_wrap=True)
        for device in sorted(self._fleet.buses)[: max(height - 4, 5)]:
            bus, courier = self._fleet.buses[device], self._publisher.couriers[device]
            link = courier.link
            table.add_row(
                device,
                bus.run.timetable.id if bus.run else "",
                bus.state.phase,
                f"{bus.state.speed * 3.6:.0f}",
                bus.next_stop(),
                str(len(bus.state.aboard)),
                str(courier.buffered),
                link.state if link.state == "up" else f"{link.state} {link.why}".strip(),
            )
        return table


def wants_table(asked: bool | None) -> bool:
    """Whether to draw a table: as asked, else on a terminal."""
    return sys.stdout.isatty() if asked is None else asked
