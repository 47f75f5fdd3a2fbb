"""Word the block that tells a person who just started the demo how to log in."""

import msgspec


class DemoAccount(msgspec.Struct):
    """One account as the demo announces it; the note says whose it is and what will be seen."""

    role: str
    username: str
    password: str
    note: str = ""


def read_accounts(output: bytes) -> list[DemoAccount]:
    """Read the JSON of `sixfixed demo accounts`; raise msgspec.DecodeError."""
    return msgspec.json.decode(output, type=list[DemoAccount])


def account_lines(url: str, accounts: list[DemoAccount]) -> list[str]:
    """Give the lines: the guardian first, the other roles below in one table."""
    if not accounts:
        return []
    ordered = sorted(accounts, key=lambda account: account.role != "guardian")
    wide = {
        field: max(len(getattr(account, field)) for account in ordered)
        for field in ("role", "username", "password")
    }
    head = f"Open {url} and log in (these passwords are new at each start):"
    rows = (
        "  ".join(
            (
                "",
                account.role.ljust(wide["role"]),
                account.username.ljust(wide["username"]),
                account.password.ljust(wide["password"]),
                account.note,
            )
        ).rstrip()
        for account in ordered
    )
    return ["", head, *rows, ""]
