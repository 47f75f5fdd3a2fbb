"""Count what the web role does, for Prometheus; no label holds a name, an id or a place."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class WebMetrics:
    """One registry for one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "sixfixed_http_requests", "HTTP answers", ("route", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "sixfixed_http_seconds", "Time to an HTTP answer", ("route",), registry=self.registry
        )
        self.sockets = Gauge("sixfixed_sockets", "Open sockets", registry=self.registry)
        self.watches = Gauge("sixfixed_watches", "Open watches", registry=self.registry)
        self.pushes = Counter("sixfixed_pushes", "Live messages to rooms", ("event",), registry=self.registry)
        self.ignored = Counter(
            "sixfixed_live_ignored",
            "Messages on the house's topics that could not be read",
            registry=self.registry,
        )

        self.pushes_waiting = Gauge(
            "sixfixed_web_push_waiting",
            "Messages to browsers that no push service has taken yet",
            registry=self.registry,
        )
        # Counted by the worker, in the database: a gauge of this process that shows another's counter.
        self.push_attempts = Gauge(
            "sixfixed_web_push_attempts",
            "Attempts to push to a browser, by what became of them",
            ("outcome",),
            registry=self.registry,
        )

    def text(self) -> bytes:
        """Give all figures in Prometheus' text format."""
        return bytes(generate_latest(self.registry))
