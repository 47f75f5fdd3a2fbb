"""Print what a command found: lines for a person, one JSON object for a program, the secret last."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping

import msgspec


def add_json_option(parser: ArgumentParser) -> None:
    """Give a command `--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def print_answer(answer: object, *, as_json: bool, secret: str | None = None) -> None:
    """Print a Struct or mapping; without JSON its `secret` entry stands alone on the last line."""
    content = msgspec.to_builtins(answer)
    if not isinstance(content, Mapping):
        content = {} if content is None else {"result": content}
    if as_json:
        print(json.dumps(content, ensure_ascii=False))
        return
    for name, value in content.items():
        if name != secret and value not in (None, [], {}):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            print(f"{name}: {text}")
    if secret and content.get(secret):
        print(content[secret])
