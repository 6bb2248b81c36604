"""Sessions of all sorts in every tenant, and filters that speak of them."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from hypothesis import strategies as st

from accounts.models import TotpDevice, User
from core.ids import ALPHABET, Prefix, show
from sessions_app.models import AuthMethod, Session
from tests.contract.edge.evaluator import DATES, FLAGS, HANDLES, SORTABLE, STRINGS
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


def crowd(world: World, luck: random.Random, total: int) -> list[dict[str, Any]]:
    """Rows in the database, and what they are to look like from outside. Whoever is going to ask is among them."""
    callers = [world.north_admin, world.acme_partner, world.super_admin]
    people = [caller.user for caller in callers]
    for name, tenant in (("grace", world.north), ("mary", world.south), ("hedy", world.springfield)):
        people += [world.person(f"{name}-{n}", tenant) for n in range(2)]
    for user in luck.sample(people, 5):
        TotpDevice.objects.create(user=user, sealed_secret=b"?", confirmed_at=luck.choice([None, Now()]))
    copied = Session.objects.filter(pk=world.north_admin.session.pk).values().get()
    for name in ("id", "refresh_digest", "is_newest"):
        del copied[name]
    Session.objects.bulk_create(_one(luck, copied, luck.choice(people)) for _ in range(total))
    a_day = Now() + timedelta(days=1)
    Session.objects.filter(pk__in=[each.session.pk for each in callers]).update(last_activity_at=a_day)
    return [seen_from_outside(each) for each in Session.objects.live().select_related("user__tenant")]


def _one(luck: random.Random, copied: dict[str, Any], user: User) -> Session:
    changed = {
        "id": UUID(int=luck.choice([copied["tenant_id"].int >> 64 << 64, 2**120]) + luck.getrandbits(100)),
        "user_id": user.pk,
        "tenant_id": user.tenant_id,
        "partner_id": user.tenant.partner_id,
        "role": user.role,
        "auth_method": luck.choice([AuthMethod.MFA, AuthMethod.PASSWORD]),
        "ip_address": luck.choice(ADDRESSES),
        "created_at": luck.choice(MOMENTS),
        "last_activity_at": luck.choice(MOMENTS),
        "idle_limit": timedelta(days=36_500),
        "expires_at": datetime(2100, 1, 1, tzinfo=UTC),
        "due_at": datetime(2100, 1, 1, tzinfo=UTC),
    }
    return Session(**copied | changed)


def seen_from_outside(session: Session) -> dict[str, Any]:
    handle, seen = session.handle, nanoseconds(session.last_activity_at)
    totp = TotpDevice.objects.filter(user=session.user).first()
    return {
        "id": handle,
        "token": handle,
        "identity": show(Prefix.USER, session.user_id),
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


def nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def filters(rows: list[dict[str, Any]]) -> st.SearchStrategy[Any]:
    """Of every form that the language has, about these rows more often than about nothing."""
    leaf = st.one_of(*(make(rows) for make in (_of_text, _of_dates, _of_flags, _of_tags)))
    term = st.deferred(lambda: st.one_of(leaf, leaf, st.tuples(st.just("group"), expression)))
    expression: st.SearchStrategy[Any] = st.deferred(
        lambda: st.one_of(
            term,
            st.tuples(st.sampled_from(["and", "or"]), term, expression),
            st.tuples(st.sampled_from(["and", "or"]), term, expression),
            st.tuples(st.just("not"), expression),
        )
    )
    return expression


def _texts(rows: list[dict[str, Any]]) -> st.SearchStrategy[tuple[str, str]]:
    known = [row[name] for row in rows for name in (*HANDLES, "ipAddress")]
    whole = st.sampled_from(known)
    piece = st.builds(lambda text, a, b: text[a : a + b], whole, st.integers(0, 29), st.integers(0, 9))
    spoiled = st.builds(
        lambda text, at, letter: text[:at] + letter + text[at + 1 :], whole, st.integers(0, 31), _LETTER
    )
    string = st.one_of(whole, piece, piece.map(str.upper), spoiled, st.text(_LETTER, max_size=4)).map(_quoted)
    return st.one_of(string, string, string, st.sampled_from(sorted(NUMBERS.items())))


_LETTER = st.sampled_from([*ALPHABET, *'_-.:%\\"\n \tAZilou!~Z\u00e9\u017f\u00df\u0131\u65e5'])
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}


def _quoted(text: str) -> tuple[str, str]:
    return f'"{"".join(_ESCAPED.get(letter, letter) for letter in text)}"', text


def _of_text(rows: list[dict[str, Any]]) -> st.SearchStrategy[Any]:
    name, text = st.sampled_from(STRINGS), _texts(rows)
    strings = text.filter(lambda each: each[0].startswith('"'))
    numbers = st.sampled_from(sorted(NUMBERS.items()))
    lists = st.one_of(st.lists(strings, min_size=1, max_size=5), st.lists(numbers, min_size=1, max_size=3))
    return st.one_of(
        st.tuples(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), name, text),
        st.tuples(st.sampled_from(["contains", "not contains"]), name, text),
        st.tuples(st.sampled_from(["icontains", "not icontains"]), name, strings),
        st.tuples(st.sampled_from(["in", "not in"]), name, lists),
        _null(name),
    )


def _moments(rows: list[dict[str, Any]]) -> st.SearchStrategy[tuple[str, int]]:
    near = st.tuples(st.sampled_from(MOMENTS), st.sampled_from([-1001, -1000, -999, -1, 0, 0, 0, 1, 999, 1000, 1001]))
    return st.builds(_dated, near, st.sampled_from(["Z", "z", "+00:00", "+05:30", "-11:15"]))


def _dated(near: tuple[datetime, int], zone: str) -> tuple[str, int]:
    at = nanoseconds(near[0]) + near[1]
    sign, digits = (-1 if zone[0] == "-" else 1), zone[1:] or "00:00"
    ahead = sign * timedelta(hours=int(digits[:2]), minutes=int(digits[3:])) if zone not in "Zz" else timedelta()
    shown = EPOCH + timedelta(microseconds=at // 1000) + ahead
    return f"datetime({shown:%Y-%m-%dT%H:%M:%S}.{shown.microsecond:06d}{at % 1000:03d}{zone})", at


def _of_dates(rows: list[dict[str, Any]]) -> st.SearchStrategy[Any]:
    name, moment = st.sampled_from(DATES), _moments(rows)
    return st.one_of(
        st.tuples(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), name, moment),
        st.tuples(st.sampled_from(["in", "not in"]), name, st.lists(moment, min_size=1, max_size=4)),
        st.tuples(st.sampled_from(["between", "not between"]), name, moment, moment),
        _null(name),
    )


def _of_flags(rows: list[dict[str, Any]]) -> st.SearchStrategy[Any]:
    name, equals = st.sampled_from(FLAGS), st.sampled_from(["=", "!="])
    return st.one_of(
        st.tuples(st.just("constant"), st.booleans()),
        st.tuples(st.just("flag"), name),
        st.tuples(equals, name, st.sampled_from([("true", True), ("false", False), ("null", None)])),
    )


def _of_tags(rows: list[dict[str, Any]]) -> st.SearchStrategy[Any]:
    name = st.sampled_from(["tags.x", "tags.service-id", "tags.a.b"])
    values = st.one_of(_texts(rows), _moments(rows))
    return st.one_of(
        st.tuples(st.just("flag"), name),
        st.tuples(st.sampled_from(["=", "!=", "<", ">="]), name, values),
        st.tuples(st.sampled_from(["contains", "not contains"]), name, _texts(rows)),
        _null(name),
    )


def _null(name: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.tuples(st.sampled_from(["=", "!="]), name, st.just(("null", None)))


orders = st.lists(st.tuples(st.sampled_from(SORTABLE), st.booleans()), max_size=7)
limits = st.one_of(st.none(), st.integers(-3, 60), st.sampled_from([499, 500, 501, 10_000]))
offsets = st.one_of(st.none(), st.integers(-3, 40), st.sampled_from([99_999, 100_001]))
