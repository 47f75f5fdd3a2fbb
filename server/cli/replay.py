"""`sixfixed replay`: judge trips again from the log, and show wherein the database differs."""

import json
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from server.cli.answer import add_json_option
from server.config import Settings, add_options

if TYPE_CHECKING:
    from server.service.replay import ReplayedFinding, Report
    from server.service.replay_difference import Difference


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add the command."""
    text = "judge a trip, or a day's trips, again from the log and show what the database says otherwise"
    parser = commands.add_parser("replay", help=text, description=text)
    parser.add_argument(
        "what", metavar="TRIP|DATE", help="a trip's id, a timetable's code (with --on), or a service date"
    )
    parser.add_argument(
        "--on", metavar="DATE", help="the service date of the timetable that is named by its code"
    )
    parser.add_argument(
        "--since", metavar="DATE", help="begin the log on this date, not with its first record"
    )
    add_json_option(parser)
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: Namespace, settings: Settings) -> int:
    """Print the report; 1 where the database differs."""
    from server import bootstrap

    report: Report = bootstrap.replay(settings, args.what, on=args.on, since=args.since)
    if args.json:
        print(json.dumps({"equal": report.equal, **msgspec.to_builtins(report)}, ensure_ascii=False))
    else:
        for line in lines(report):
            print(line)
    return 0 if report.equal else 1


def lines(report: "Report") -> Iterator[str]:
    """Put a report into lines for a person."""
    for trip in report.trips:
        yield f"{trip.code}  {trip.service_date}  {trip.state}  ({trip.id})"
        for which, said in trip.verdicts.items():
            reason = f"  {said['reason']}" if said["reason"] else ""
            yield f"  {which:8} {said['value']}{'' if said['final'] else ' so far'}{reason}"
        yield from _rest(trip.findings, trip.differences)
    for bus in report.buses:
        yield f"bus {bus.vehicle_id}"
        yield from _rest(bus.findings, bus.differences)
    for rule, times in report.failed_rules.items():
        yield f"the rule {rule} failed {times} times; what it would have found is missing"
    count = sum(len(one.differences) for one in report.trips) + sum(
        len(one.differences) for one in report.buses
    )
    yield "equal to the database" if report.equal else f"{count} differences from the database"


def _rest(findings: "list[ReplayedFinding]", differences: "list[Difference]") -> Iterator[str]:
    for one in findings:
        until = f" to {one.ended_at.isoformat()}" if one.ended_at is not None else ""
        yield f"  found    {one.kind}  {one.began_at.isoformat()}{until}"
    for each in differences:
        yield f"  DIFFERS  {each.what}, {each.field}: stored {each.stored!r}, by the log {each.folded!r}"
