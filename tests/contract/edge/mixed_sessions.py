"""Random sessions of every kind in every tenant, and random filters over them, all generated from a seed."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from accounts.models import Role, TotpDevice, User
from core.ids import ALPHABET, Prefix, encode_id
from sessions_app.models import AuthMethod, Session, SessionState
from tests.contract.edge.evaluator import API_SESSIONS, Expression, Names
from tests.factories import UserFactory
from tests.world import World

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = [datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(hours=n // 3, microseconds=n % 3) for n in range(12)]
ADDRESSES = [None, "192.0.2.7", "192.0.2.70", "10.0.0.1", "2001:db8::1", "::1", "2001:db8::ff"]
NUMBERS = {
    "1": "1",
    "0": "0",
    "-0": "0",
    "192": "192",
    "192.0": "192",
    "0.2": "0.2",
    "1e1": "10",
    "2E-2": "0.02",
    "7": "7",
}


LETTERS = [*ALPHABET, *'_-.:%\\"\n \tAZilou!~Z\u00e9\u017f\u00df\u0131\u65e5']
WORDS = ["ada", "ad", "grace", "z", "9", "o'neil"]
DOMAINS = ["north.example", "b\u00fccher.example", "\u65e5\u672c.example", "i.example"]
ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
ZONES = [("Z", 0), ("z", 0), ("+00:00", 0), ("+05:30", 330), ("-11:15", -675)]


def create_mixed_sessions(world: World, rng: random.Random, total: int) -> list[dict[str, Any]]:
    """Rows in the database, and what they are to look like from outside. Whoever is going to ask is among them."""
    callers = [world.north_admin, world.acme_partner, world.super_admin]
    people = [caller.user for caller in callers]
    for name, tenant in (("grace", world.north), ("mary", world.south), ("hedy", world.springfield)):
        people += [world.person(f"{name}-{n}", tenant) for n in range(2)]
    for user in rng.sample(people, 5):
        TotpDevice.objects.create(user=user, sealed_secret=b"?", confirmed_at=rng.choice([None, Now()]))
    template = Session.objects.filter(pk=world.north_admin.session.pk).values().get()
    for name in ("id", "refresh_digest", "is_newest"):
        del template[name]
    Session.objects.bulk_create(_one(rng, template, rng.choice(people)) for _ in range(total))
    a_day = Now() + timedelta(days=1)
    Session.objects.filter(pk__in=[each.session.pk for each in callers]).update(last_activity_at=a_day)
    return [seen_from_outside(each) for each in SessionState.objects.live().select_related("user__tenant")]


def _one(rng: random.Random, template: dict[str, Any], user: User) -> Session:
    changed = {
        "id": UUID(int=rng.choice([template["tenant_id"].int >> 64 << 64, 2**120]) + rng.getrandbits(100)),
        "user_id": user.pk,
        "tenant_id": user.tenant_id,
        "partner_id": user.tenant.partner_id,
        "role": user.role,
        "auth_method": rng.choice([AuthMethod.MFA, AuthMethod.PASSWORD]),
        "ip_address": rng.choice(ADDRESSES),
        "created_at": rng.choice(MOMENTS),
        "last_activity_at": rng.choice(MOMENTS),
        "idle_limit": timedelta(days=36_500),
        "expires_at": datetime(2100, 1, 1, tzinfo=UTC),
        "due_at": datetime(2100, 1, 1, tzinfo=UTC),
    }
    return Session(**template | changed)


def seen_from_outside(session: Session) -> dict[str, Any]:
    handle, seen = session.handle, nanoseconds(session.last_activity_at)
    totp = TotpDevice.objects.filter(user=session.user).first()
    return {
        "id": handle,
        "token": handle,
        "identity": encode_id(Prefix.USER, session.user_id),
        "createdAt": nanoseconds(session.created_at),
        "updatedAt": seen,
        "lastActivityAt": seen,
        "ipAddress": session.ip_address or "",
        "authenticator": "",
        "isSystem": False,
        "improperClientCertChain": False,
        "mfaComplete": session.auth_method == "mfa",
        "mfaRequired": totp is not None and totp.confirmed_at is not None,
        "tenant_id": session.tenant_id,
        "partner_id": session.user.tenant.partner_id,
    }


def people(world: World, rng: random.Random, total: int) -> list[dict[str, Any]]:
    """Users in the database, and what identities are to look like from outside; whoever is going to ask among them."""
    for asker in ("north_admin", "acme_partner", "super_admin"):
        getattr(world, asker)
    for number in range(total):
        name = f"{rng.choice(WORDS)}{number}{rng.choice(['', '.', '_', '%', '+x'])}@{rng.choice(DOMAINS)}"
        tenant = rng.choice([world.north, world.south, world.springfield])
        role = rng.choice([Role.USER, Role.TENANT_ADMIN])
        moments = {"created_at": rng.choice(MOMENTS), "updated_at": rng.choice(MOMENTS)}
        UserFactory(pk=UUID(int=rng.getrandbits(128)), tenant=tenant, email=name, role=role, **moments)
    return [identity_from_outside(each) for each in User.objects.select_related("tenant")]


def identity_from_outside(user: User) -> dict[str, Any]:
    return {
        "id": user.handle,
        "name": user.email,
        "type": "Default",
        "authPolicyId": "default",
        "createdAt": nanoseconds(user.created_at),
        "updatedAt": nanoseconds(user.updated_at),
        "isSystem": False,
        "isAdmin": user.role != "user",
        "isDefaultAdmin": False,
        "tenant_id": user.tenant_id,
        "partner_id": user.tenant.partner_id,
    }


def nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


class Author:
    """Writes filters in every form that the language has, about these rows more often than about nothing."""

    def __init__(self, rows: list[dict[str, Any]], rng: random.Random, names: Names = API_SESSIONS) -> None:
        self.rows, self.rng, self.names = rows, rng, names

    def filter(self, depth: int = 0) -> Expression:
        """A chain of conditions, in which each connective and each `not` takes all that follows."""
        found = self.term(depth)
        for _ in range(self.rng.choice([0, 0, 1, 1, 2, 2, 3, 4]) if depth < 3 else 0):
            found = (self.rng.choice(["and", "or"]), self.term(depth), found)
            if self.rng.random() < 0.2:
                found = ("not", found)
        return found

    def term(self, depth: int) -> Expression:
        if self.rng.random() < 0.2 and depth < 3:
            return ("group", self.filter(depth + 1))
        return self.rng.choice(
            [self.of_text, self.of_text, self.of_dates, self.of_dates, self.of_flags, self.of_tags, self.settled]
        )()

    def of_text(self) -> Expression:
        name, kind = self.rng.choice(self.names.strings), self.rng.randrange(6)
        match kind:
            case 0 | 1:
                return (self.rng.choice(["=", "!=", "<", "<=", ">", ">="]), name, self.text())
            case 2:
                return (self.rng.choice(["contains", "not contains"]), name, self.text())
            case 3:
                return (self.rng.choice(["icontains", "not icontains"]), name, self.string())
            case 4:
                of_one_kind = self.rng.choice([self.string, self.string, self.number])
                values = [of_one_kind() for _ in range(self.rng.randint(1, 5))]
                return (self.rng.choice(["in", "not in"]), name, values)
            case _:
                return self.null(name)

    def of_dates(self) -> Expression:
        name, kind = self.rng.choice(self.names.dates), self.rng.randrange(6)
        match kind:
            case 0 | 1 | 2:
                return (self.rng.choice(["=", "!=", "<", "<=", ">", ">="]), name, self.moment())
            case 3:
                values = [self.moment() for _ in range(self.rng.randint(1, 4))]
                return (self.rng.choice(["in", "not in"]), name, values)
            case 4:
                return (self.rng.choice(["between", "not between"]), name, self.moment(), self.moment())
            case _:
                return self.null(name)

    def of_flags(self) -> Expression:
        name = self.rng.choice(self.names.flags)
        value = self.rng.choice([("true", True), ("false", False), ("null", None)])
        compared = (self.rng.choice(["=", "!="]), name, value)
        return self.rng.choice([("constant", self.rng.random() < 0.5), ("flag", name), ("flag", name), compared])

    def of_tags(self) -> Expression:
        name = self.rng.choice(["tags.x", "tags.service-id", "tags.a.b"])
        compared = (self.rng.choice(["=", "!=", "<", ">="]), name, self.rng.choice([self.text, self.moment])())
        contained = (self.rng.choice(["contains", "not contains"]), name, self.text())
        return self.rng.choice([("flag", name), compared, contained, self.null(name)])

    def settled(self) -> Expression:
        """What is the same of every row, where there is such a thing."""
        return ("settled", *self.rng.choice(self.names.constants)) if self.names.constants else self.of_flags()

    def null(self, name: str) -> Expression:
        return (self.rng.choice(["=", "!="]), name, ("null", None))

    def text(self) -> tuple[str, str]:
        return self.number() if self.rng.random() < 0.2 else self.string()

    def number(self) -> tuple[str, str]:
        return self.rng.choice(sorted(NUMBERS.items()))

    def string(self) -> tuple[str, str]:
        known = self.rng.choice(self.rows)[self.rng.choice([*self.names.handles, *self.names.texts[:1] * 2])]
        start, at = self.rng.randrange(30), self.rng.randrange(32)
        piece = known[start : start + self.rng.randrange(9)]
        spoiled = known[:at] + self.rng.choice(LETTERS) + known[at + 1 :]
        few = "".join(self.rng.choices(LETTERS, k=self.rng.randrange(4)))
        text = self.rng.choice([known, known, piece, known[-3:], piece.upper(), spoiled, few])
        return f'"{"".join(ESCAPED.get(letter, letter) for letter in text)}"', text

    def moment(self) -> tuple[str, int]:
        beside = self.rng.choice([-1001, -1000, -999, -1, 0, 0, 0, 0, 1, 999, 1000, 1001])
        at = nanoseconds(self.rng.choice(MOMENTS)) + beside
        zone, ahead = self.rng.choice(ZONES)
        shown = EPOCH + timedelta(microseconds=at // 1000, minutes=ahead)
        return f"datetime({shown:%Y-%m-%dT%H:%M:%S}.{shown.microsecond:06d}{at % 1000:03d}{zone})", at

    def order(self) -> list[tuple[str, bool]]:
        return [
            (self.rng.choice(self.names.sortable), self.rng.random() < 0.5)
            for _ in range(self.rng.choice([0, 1, 1, 2, 3, 7]))
        ]

    def limit(self) -> int | None:
        return self.rng.choice([None, None, -1, -1, 500, self.rng.randint(-3, 60), 501, 10_000])

    def offset(self) -> int | None:
        return self.rng.choice([None, None, 0, self.rng.randint(-3, 40), 100_001])
