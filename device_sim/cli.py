"""The command line of the emulator: run, log, replay, load, scenarios."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from device_sim.clock import parse_clock, parse_instant
from device_sim.errors import SimError
from device_sim.faults import make_faults, parse_fault
from device_sim.fleet import choose_devices
from device_sim.load import run_load
from device_sim.loadplan import make_feed, time_line
from device_sim.logbook import read_log
from device_sim.pack import Device, Pack
from device_sim.packreader import read_pack, read_secrets
from device_sim.replay import replay
from device_sim.roads import Roads
from device_sim.scenario import list_scenarios, read_scenario
from device_sim.session import Plan, Session
from device_sim.table import wants_table


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 for an error (one sentence on standard error), 2 for a wrong option."""
    args = _parser().parse_args(argv)
    try:
        return int(args.act(args) or 0)
    except SimError as error:
        print(f"device-sim: {error}", file=sys.stderr)
        return 1
    except (BrokenPipeError, KeyboardInterrupt):
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="device-sim", description="Emulated school buses that speak PROTOCOL.md."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="drive a pack's buses and publish what their recorders write")
    run.set_defaults(act=_run)
    run.add_argument("--pack", type=Path, required=True, help="folder with a county pack")
    _add_broker(run)
    run.add_argument(
        "--state", type=Path, default=Path("var/device-sim"), help="folder of the recorders' log"
    )
    run.add_argument("--seed", type=int, default=1, help="same pack, seed and start: same records")
    run.add_argument("--clock", help="start=RFC3339,speed=20[,at=real epoch ms]; default real time")
    which = run.add_mutually_exclusive_group()
    which.add_argument("--buses", type=int, help="only so many")
    which.add_argument("--device", action="append", default=[], help="only this one (may be repeated)")
    run.add_argument("--absent", type=float, default=0.03, help="share of riders who stay at home (0 to 1)")
    run.add_argument("--scenario", help="a scenario's name or file")
    run.add_argument(
        "--fault",
        action="append",
        default=[],
        help="dead_zone:600-900[@ID+ID], power_cut:…, dup:5, shuffle:20",
    )
    run.add_argument(
        "--forget", action="store_true", help="the recorders have lost their memory: higher epoch, from 1"
    )
    run.add_argument(
        "--table", action=argparse.BooleanOptionalAction, help="live table; default on a terminal"
    )
    end = run.add_mutually_exclusive_group()
    end.add_argument("--until", help="end at this simulated instant (RFC 3339)")
    end.add_argument("--for", dest="for_s", type=float, help="end after so many simulated seconds")

    log = commands.add_parser("log", help="print what every device wrote")
    log.set_defaults(act=_log)
    log.add_argument("--state", type=Path, required=True)
    log.add_argument("--device", action="append", default=[])
    log.add_argument("--json", action="store_true", help="one JSON object a line, with the record's body")

    again = commands.add_parser("replay", help="send a recorded log again")
    again.set_defaults(act=_replay)
    again.add_argument("--state", type=Path, required=True)
    again.add_argument("--device", action="append", default=[])
    again.add_argument("--pack", type=Path, help="pack whose devices.csv holds the secrets")
    _add_broker(again)
    again.add_argument("--order", choices=("log", "shuffled", "reversed"), default="log")
    again.add_argument("--times", type=int, default=1, help="send each record so many times")
    again.add_argument(
        "--backlog", type=float, default=0.0, help="share of each device's records that goes in batches"
    )
    again.add_argument(
        "--rate", type=float, default=0.0, help="messages a second in all; 0 as fast as it goes"
    )
    again.add_argument("--seed", type=int, default=1)

    load = commands.add_parser("load", help="send prepared positions fast and print rate and PUBACK latency")
    load.set_defaults(act=_load)
    load.add_argument("--pack", type=Path, required=True)
    _add_broker(load)
    load.add_argument("--buses", type=int, default=500)
    load.add_argument(
        "--rate", type=float, default=0.0, help="messages a second in all; 0 as fast as it goes"
    )
    many = load.add_mutually_exclusive_group()
    many.add_argument("--count", type=int, help="messages in all (default 100000)")
    many.add_argument("--for", dest="for_s", type=float, help="seconds (needs --rate)")
    load.add_argument("--clock", help="as in run: what `t` the messages say")
    load.add_argument(
        "--step-ms", type=float, help="`t` between a device's messages; default as they are sent, else 1000"
    )
    load.add_argument("--first-seq", type=int, default=1)
    load.add_argument("--epoch", type=int, default=0)
    load.add_argument("--seed", type=int, default=1)

    known = commands.add_parser("scenarios", help="list the scenarios that come with the emulator")
    known.set_defaults(act=_scenarios)
    return parser


def _add_broker(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mqtt", default="127.0.0.1:1883", metavar="HOST:PORT", help="the broker (default %(default)s)"
    )
    parser.add_argument("--secrets", type=Path, help="CSV file id,secret; default the pack's devices.csv")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise SimError(f"--mqtt: '{text}' is no HOST:PORT; write it like 127.0.0.1:1883")
    return host.strip("[]"), int(port)


def _with_secrets(devices: list[Device], secrets: Path | None) -> list[Device]:
    known = read_secrets(secrets) if secrets else {}
    devices = [msgspec.structs.replace(one, secret=known.get(one.id, one.secret)) for one in devices]
    bare = [one.id for one in devices if not one.secret]
    if bare:
        raise SimError(
            f"no secret for {', '.join(bare[:5])}; fill devices.csv's secret column or name --secrets FILE"
        )
    return devices


def _run(args: argparse.Namespace) -> None:
    host, port = _address(args.mqtt)
    if args.buses is not None and args.buses < 1:
        raise SimError("--buses: at least one bus is needed")
    if not 0.0 <= args.absent <= 1.0:
        raise SimError(f"--absent: {args.absent:g} is no share; write a number from 0 to 1")
    pack = read_pack(args.pack)
    clock = parse_clock(args.clock)
    faults = [parse_fault(text) for text in args.fault]
    scenario = read_scenario(args.scenario) if args.scenario else None
    if scenario is not None:
        faults = scenario.fault + faults
    until = parse_instant(args.until, "--until") if args.until else None
    if args.for_s is not None:
        until = clock.now_ms() + round(args.for_s * 1000)
    Session(
        Plan(
            pack=pack,
            devices=_with_secrets(choose_devices(pack, args.device, args.buses), args.secrets),
            host=host,
            port=port,
            state=args.state,
            seed=args.seed,
            clock=clock,
            faults=make_faults(faults, clock.start_ms),
            absent_share=args.absent,
            table=wants_table(args.table),
            until_ms=until,
            forget=args.forget,
            deviations=scenario.deviation if scenario is not None else [],
        )
    ).run()


def _log(args: argparse.Namespace) -> None:
    for entry in read_log(args.state, args.device):
        if args.json:
            print(msgspec.json.encode(entry).decode())
        else:
            saved = "saved" if entry.saved else "-"
            print(f"{entry.device}\t{entry.epoch}\t{entry.seq}\t{entry.kind}\t{entry.t}\t{saved}")


def _replay(args: argparse.Namespace) -> None:
    host, port = _address(args.mqtt)
    if args.times < 1 or not 0.0 <= args.backlog <= 1.0:
        raise SimError("replay: --times must be at least 1 and --backlog from 0 to 1")
    secrets = {one.id: one.secret for one in read_pack(args.pack).devices.values()} if args.pack else {}
    secrets |= read_secrets(args.secrets) if args.secrets else {}
    entries = list(read_log(args.state, args.device))
    sent = replay(entries, secrets, host, port, args.order, args.times, args.backlog, args.seed, args.rate)
    print(msgspec.json.encode(sent).decode())


def _load(args: argparse.Namespace) -> None:
    host, port = _address(args.mqtt)
    if args.for_s is not None and args.rate <= 0:
        raise SimError("load: --for needs --rate; give a rate or --count")
    pack = read_pack(args.pack)
    devices: list[Device] = choose_devices(pack, [], args.buses)
    if args.secrets and len(devices) < args.buses:
        devices += _strangers(pack, args.secrets, args.buses - len(devices))
    devices = _with_secrets(devices, args.secrets)
    total = round(args.rate * args.for_s) if args.for_s is not None else args.count or 100_000
    each = max(total // len(devices), 1)
    clock, roads = parse_clock(args.clock), Roads(pack)
    begin, step = time_line(clock, each, args.rate / len(devices), args.step_ms)
    feeds = [
        make_feed(pack, roads, one, each, begin, step, args.first_seq, args.epoch, args.seed)
        for one in devices
    ]
    print(msgspec.json.encode(run_load(feeds, host, port, args.rate)).decode())


def _strangers(pack: Pack, secrets: Path, count: int) -> list[Device]:
    """Devices of the secrets file that the pack doesn't know: they drive a road of the pack all the same."""
    names = [name for name in read_secrets(secrets) if name not in pack.devices]
    return [Device(name, "", "") for name in names[:count]]


def _scenarios(_args: argparse.Namespace) -> None:
    known = list_scenarios()
    width = max(len(name) for name, _ in known)
    for name, scenario in known:
        needs = f" (pack: {scenario.pack})" if scenario.pack else ""
        print(f"{name:<{width}}  {scenario.title}: {scenario.shows}{needs}")
