"""Scenario files: named sets of faults and deviations under device_sim/scenarios."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import msgspec

from device_sim.deviations import AnyDeviation, list_kinds
from device_sim.errors import SimError
from device_sim.faults import Fault


class Scenario(msgspec.Struct, forbid_unknown_fields=True):
    """A title, what it shows, its faults and deviations.

    `pack` names the variation of the county that it needs, where the buses alone can't show it (docs/emulator.md lists them).
    """

    title: str
    shows: str
    pack: str = ""
    fault: list[Fault] = []
    deviation: list[AnyDeviation] = []


def list_scenarios() -> list[tuple[str, Scenario]]:
    """Every scenario that comes with the emulator, by name."""
    folder = resources.files("device_sim") / "scenarios"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name
    )
    return [(file.name.removesuffix(".toml"), _decode(file.read_bytes(), file.name)) for file in files]


def read_scenario(name: str) -> Scenario:
    """The scenario of a name, or in a file of that path; raises SimError."""
    for known, scenario in list_scenarios():
        if known == name:
            return scenario
    if not Path(name).is_file():
        raise SimError(
            f"--scenario: there is no scenario '{name}' and no such file; `device-sim scenarios` lists them"
        )
    return _decode(Path(name).read_bytes(), name)


def _decode(text: bytes, name: str) -> Scenario:
    try:
        return msgspec.toml.decode(text, type=Scenario)
    except msgspec.DecodeError as error:
        hint = "correct the file"
        if "deviation" in str(error):
            hint = f"the kinds are {', '.join(list_kinds())}; docs/emulator.md lists what each takes"
        raise SimError(f"scenario {name}: {error}; {hint}") from None
