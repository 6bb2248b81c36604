"""The demo's groups, two of them nested in another."""

from accounts import operations as accounts
from core.access import Principal
from sessions_app.demo.people import People

# Name, members, and the group that it is nested in.
GROUPS = [
    ("Engineering", ["grace@north.example"], None),
    ("Compilers", ["barbara@north.example", "edsger@north.example"], "Engineering"),
    ("Analytical engines", ["ada@north.example", "alan@north.example"], "Engineering"),
    ("Trajectories", ["katherine@south.example", "donald@south.example"], None),
    ("School", ["edna@springfield.example", "lisa@springfield.example"], None),
]


def create_groups(actor: Principal, people: People) -> None:
    groups = {}
    for name, members, parent in GROUPS:
        users = [people[email] for email in members]
        groups[name] = accounts.create_group(actor=actor, tenant=users[0].tenant, name=name)
        for user in users:
            accounts.add_member(groups[name], user, actor=actor)
        if parent:
            accounts.nest(groups[parent], groups[name], actor=actor)
