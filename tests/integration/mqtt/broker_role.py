"""The broker role as a process of its own: `python -m tests.integration.mqtt.broker_role DATA PORT`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from server.adapters.mqtt.broker import Broker, run_broker
from server.adapters.mqtt.broker_config import BrokerSettings
from server.clock import SystemClock
from server.errors import SixFixedError


async def main() -> int:
    settings = BrokerSettings(data_dir=Path(sys.argv[1]), mqtt_port=int(sys.argv[2]))
    broker = Broker(
        settings,
        authenticate_device=lambda _device, _secret: False,
        device_versions=dict,
        clock=SystemClock(),
    )
    try:
        return await run_broker(broker, on_ready=lambda: print("ready", broker.pid, flush=True))
    except SixFixedError as why:
        print(why.message, flush=True)
        return why.exit_status


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
