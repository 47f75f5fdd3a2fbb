"""`make bench-ingest`: records a second through the real broker and the real ingest, beside a bare paho subscriber.

`python -m tests.bench.ingest [--quick] [--runs N] [--buses N] [--riders N] [--messages N] [--mosquitto] [--rate N ...]`.
Each run has a fresh data folder and processes of its own. Riders bring cards, manifests and notices; 0 leaves positions alone.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench.latency import measure_latency
from tests.bench.morning import make_feed
from tests.bench.spread import Spread
from tests.bench.throughput import Plan, make_template, measure_bare_once, measure_ingest


def main() -> int:
    """Measure and print."""
    options = _options()
    runs = 1 if options.quick else options.runs
    messages = min(60, options.messages) if options.quick else options.messages
    broker = "Mosquitto" if options.mosquitto else "the embedded broker"
    for riders in options.riders:
        plan = Plan(options.buses, riders, messages, options.mosquitto)
        what = f"{riders} riders a bus" if riders else "positions alone"
        print(f"\n{plan.buses} buses, {what}, SQLite FULL, through {broker}", flush=True)
        with tempfile.TemporaryDirectory() as name:
            template = make_template(Path(name), plan)
            if not options.latency_only:
                _throughput(template, plan, runs)
            for per_s in options.rate:
                _latency(template, plan, per_s, runs, 5.0 if options.quick else options.seconds)
    return 0


def _throughput(template: Path, plan: Plan, runs: int) -> None:
    feeds = [make_feed(bus, plan.riders, plan.messages) for bus in range(plan.buses)]
    total = sum(len(feed.packets) for feed in feeds)
    print(f"  {total:,} records a run, preloaded", flush=True)
    measured, bare = [], []
    for _ in range(runs):
        measured.append(measure_ingest(template, plan, feeds))
        bare.append(measure_bare_once(plan, min(total, 40_000)))
    rates = [run.per_s for run in measured]
    for spread in (
        Spread("committed", "records/s", rates),
        Spread(
            "committed in a second of ingest's processor", "records/s", [run.per_cpu_s for run in measured]
        ),
        Spread("ingest's processor time", "us/record", [run.cpu_us for run in measured]),
        Spread("— until all is folded", "us/record", [run.whole_us for run in measured]),
        Spread("ingest's memory, at most", "MB", [run.peak_mb for run in measured]),
        Spread("the broker's share of a core meanwhile", "cores", [run.broker_share for run in measured]),
        Spread("until the last is committed", "s", [run.last_s for run in measured]),
        Spread("until the last is folded", "s", [run.folded_s for run in measured]),
        Spread("bare paho subscriber, same run", "messages/s", bare),
        Spread("committed / bare paho", "ratio", [a / b for a, b in zip(rates, bare, strict=True)]),
    ):
        print("  " + spread.line(), flush=True)


def _latency(template: Path, plan: Plan, per_s: int, runs: int, seconds: float) -> None:
    found = [measure_latency(template, plan, per_s, seconds) for _ in range(runs)]
    print(f"  at {per_s:,} messages/s, publish -> committed", flush=True)
    for spread in (
        Spread("p50", "ms", [one.p50_ms for one in found]),
        Spread("p99", "ms", [one.p99_ms for one in found]),
        Spread("worst", "ms", [one.max_ms for one in found]),
        Spread("ingest's share of a core", "cores", [one.core_share for one in found]),
    ):
        print("  " + spread.line(), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="one short run of each: where it stands, no spread"
    )
    parser.add_argument("--runs", type=int, default=5, help="runs of each figure")
    parser.add_argument("--latency-only", action="store_true", help="leave throughput out")
    parser.add_argument("--buses", type=int, default=500)
    parser.add_argument(
        "--riders", type=int, nargs="+", default=[0, 40], help="on each bus; several are measured in turn"
    )
    parser.add_argument("--messages", type=int, default=200, help="of each bus in a run of throughput")
    parser.add_argument(
        "--rate", type=int, nargs="*", default=[2000], help="messages/s at which latency is measured"
    )
    parser.add_argument("--seconds", type=float, default=15.0, help="of each run of latency")
    parser.add_argument(
        "--mosquitto", action="store_true", help="through Mosquitto instead of the embedded broker"
    )
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
