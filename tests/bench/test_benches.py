"""The benches run and print; how fast is not asked here."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT, find_mosquitto


def run(*words: str) -> str:
    """Run a bench; give what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, timeout=360
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_steps_are_measured_beside_msgspec_and_shapely_and_agree_with_shapely() -> None:
    said = run("tests.bench.steps", "--rounds", "1", "--buses", "2", "--riders", "3")
    for step in (
        "decode and check",
        "bare msgspec",
        "the projection alone",
        "shapely",
        "all rules",
        "ETA to all",
    ):
        assert re.search(rf"{step}.* +[\d.]+ us ", said), said
    worst = re.search(r"greatest difference to shapely: ([\d.]+) mm", said)
    assert worst and float(worst[1]) <= 1.0, said


@pytest.mark.slow
def test_a_short_run_through_the_real_broker_commits_every_record_and_prints_its_ratio() -> None:
    fleet = ("--buses", "60", "--riders", "2", "--messages", "60", "--rate", "300")
    said = run("tests.bench.ingest", "--quick", *fleet)
    for figure in ("committed ", "bare paho subscriber", "committed / bare paho", "p50", "p99"):
        assert re.search(rf"^ +{figure}.* +[\d.,]+ ", said, re.M), said


@pytest.mark.slow
def test_growth_is_measured_against_the_smallest_fleet() -> None:
    if find_mosquitto() is None:
        pytest.skip("Mosquitto is not installed")
    said = run("tests.bench.growth", "--buses", "4", "8", "--runs", "1", "--records", "800")
    assert re.search(r"committed / with 4 buses +1\.00 ratio", said), said
    assert len(re.findall(r"ingest's memory, at most +[\d.]+ MB", said)) == 2, said
