"""Judge the tree of jurisdictions, the operators' places in it, and the accounts that look at them."""

from __future__ import annotations

from server.service.packs.fault import Remarks
from server.service.packs.pack import Pack

LEVELS = ("city", "county", "township")
# Whose key an account's scope_id is, by role; a role that isn't here has none.
SCOPES = {
    "regulator": "jurisdictions.csv",
    "operator": "agency.txt",
    "school": "schools.csv",
    "attendant": "people.csv",
    "driver": "people.csv",
}


def judge_supervision(pack: Pack, full: Pack, remarks: Remarks) -> None:
    """Note broken trees and accounts without their scope; warn of operators that nobody supervises."""
    _judge_tree(pack, full, remarks)
    _judge_accounts(pack, full, remarks)
    placed = {operator.id for operator in full.operators or ()}
    for agency in pack.agencies or ():
        if agency.agency_id not in placed:
            remarks.warn(
                "agency.txt",
                agency.line,
                "agency_id",
                agency.agency_id,
                "operators.csv doesn't name this agency: it is an operator that sits in no jurisdiction",
            )


def _judge_tree(pack: Pack, full: Pack, remarks: Remarks) -> None:
    levels = {node.id: node.level for node in full.jurisdictions or ()}
    for node in pack.jurisdictions or ():
        parent = levels.get(node.parent_id) if node.parent_id is not None else None
        if parent is not None and LEVELS.index(parent) >= LEVELS.index(node.level):
            remarks.fault(
                "jurisdictions.csv",
                node.line,
                "parent_id",
                node.parent_id,
                f"a {node.level} can't sit in a {parent}; the tree goes city, county, township",
            )


def _judge_accounts(pack: Pack, full: Pack, remarks: Remarks) -> None:
    known: dict[str, set[str | None]] = {
        "jurisdictions.csv": {node.id for node in full.jurisdictions or ()},
        "agency.txt": {agency.agency_id for agency in full.agencies or ()},
        "schools.csv": {school.id for school in full.schools or ()},
    }
    badges = {person.badge: person.role for person in full.people or ()}
    for user in pack.users or ():
        file = SCOPES.get(user.role)
        message = None
        if file is not None and remarks.is_unread(file, user.scope_id):
            continue
        if file is None:
            if user.scope_id is not None:
                message = f"an account of role {user.role} has no scope; leave this blank"
        elif user.scope_id is None:
            message = f"an account of role {user.role} needs a scope: a row of {file}; write its id"
        elif file == "people.csv":
            if user.scope_id not in badges:
                message = f"{file} has no such badge; add it or correct this"
            elif badges[user.scope_id] != user.role:
                message = f"this badge is a {badges[user.scope_id]}'s, not a {user.role}'s; correct either"
        elif user.scope_id not in known.get(file, ()):
            message = f"{file} has no such row; add it or correct this"
        if message is not None:
            remarks.fault("users.csv", user.line, "scope_id", user.scope_id, message)
    roles = {user.username: user.role for user in full.users or ()}
    for guardian in pack.guardians or ():
        role = roles.get(guardian.username)
        if role is not None and role != "guardian":
            remarks.fault(
                "guardians.csv",
                guardian.line,
                "username",
                guardian.username,
                f"this account is a {role}'s; a guardian needs an account of that role",
            )
