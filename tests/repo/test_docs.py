"""The pages agree with the code: settings, commands, links."""

import re
import subprocess
from pathlib import Path

import pytest

from server.config import SETTINGS, Settings, load_settings
from tests.conftest import ROOT
from tests.repo.repository import tracked

READMES = ("README.md", "README.zh-CN.md")


def test_every_setting_is_documented_under_its_names_and_default() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| `(\w+)` \| (.*?) \|", (ROOT / "docs/settings.md").read_text("utf-8"), re.M
    )
    documented = {name: (variable, default) for name, variable, default in rows}
    for setting in SETTINGS:
        assert setting.name in documented, f"docs/settings.md lacks {setting.name}"
        variable, default = documented.pop(setting.name)
        assert variable == setting.variable
        assert not setting.default or f"`{setting.default}`" in default or default == "the machine's clock"
    assert not documented, "docs/settings.md tells of settings that aren't there"


def test_settings_have_one_field_each() -> None:
    assert [setting.field for setting in SETTINGS] == list(Settings.__struct_fields__)


def test_the_documented_settings_file_is_read(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", (ROOT / "docs/settings.md").read_text("utf-8"), re.S)
    assert example
    (tmp_path / "settings.toml").write_text(example[1], "utf-8")
    settings = load_settings(environ={"SIXFIXED_DATA": str(tmp_path)})
    assert str(settings.http) == "0.0.0.0:8000"
    assert settings.outgoing_allow == ("10.0.0.8", "push.example.org")


def test_links_in_the_pages_resolve() -> None:
    broken = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", (ROOT / page).read_text("utf-8")):
            if "://" in target or target.startswith(("#", "mailto:")):
                continue
            if not (ROOT / page.parent / target.partition("#")[0]).exists():
                broken.append(f"{page}: {target}")
    assert not broken


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_names_only_commands_of_the_makefile(readme: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", (ROOT / readme).read_text("utf-8"), re.M))
    assert {"run", "test", "check"} <= named <= targets


def test_the_two_readmes_have_the_same_parts() -> None:
    def parts(name: str) -> tuple[list[str], list[str], list[str]]:
        text = (ROOT / name).read_text("utf-8")
        headings = re.findall(r"^(#+) ", text, re.M)
        links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("README")]
        return headings, links, re.findall(r"^\| (`\w+/`)", text, re.M)

    assert parts(READMES[0]) == parts(READMES[1])


def test_bare_make_prints_every_documented_target() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in (
        "setup",
        "run",
        "test",
        "check",
        "bench",
        "bench-ingest",
        "bench-steps",
        "soak",
        "lint",
        "format",
    ):
        assert f"make {target} " in shown.replace("\x1b[0m", " ")
    for target in ("types", "imports", "web", "migrate", "clean", "doctor", "lock"):
        assert f"make {target} " in shown.replace("\x1b[0m", " ")


def test_decisions_are_numbered_once_and_state_an_alternative() -> None:
    pages = sorted(path for path in tracked() if path.parent == Path("docs/decisions"))
    numbers = [path.name[:4] for path in pages]
    assert len(set(numbers)) == len(numbers)
    for path in pages:
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)
        assert "lternative" in (ROOT / path).read_text("utf-8"), f"{path} names no alternative"
