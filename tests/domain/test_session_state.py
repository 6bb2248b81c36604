"""The session state view agrees with the rule written in plain Python, on generated sessions."""

import random
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.models import Application, Role, User
from core.ids import uuid7
from sessions_app.models import Revocation, RevocationScope, Session, SessionState
from tenancy.models import Partner, Platform, Tenant
from tests.factories import ApplicationFactory, RevocationFactory, SessionFactory
from tests.world import World

HOUR = timedelta(hours=1)
HIGHEST = 6  # of the revisions that are drawn
ROUNDS, SESSIONS = 24, 150
REASONS = {
    *(f"{thing} {what}" for thing in ("user", "tenant", "partner", "application") for what in ("suspended", "deleted")),
    *(f"floor of {scope}" for scope in ("platform", "admins", "partner", "tenant", "application", "user")),
    *("floor of admins, by the user's role", "marked", "expired", "idle"),
}


def test_session_state_view_agrees_with_the_python_rule(world: World):
    dice, things = random.Random(2026), everything(world)
    outcomes, sole_reasons, pending_ones = set(), set(), 0
    for _ in range(ROUNDS):
        generate(things, dice)
        wanted, reasons = compare()
        outcomes |= {(each["state"], each["is_live"], each["is_revocable"]) for each in wanted}
        sole_reasons |= {reason for each in reasons if len(each) == 1 for reason in each}
        pending_ones += sum(each["pending"] is not None for each in wanted)
    # Every outcome was among them, and each condition decided alone somewhere, so that agreeing means something.
    assert outcomes == {
        ("live", True, True),
        ("expired", False, True),
        ("expired", False, False),
        ("revoked", False, True),
        ("revoked", False, False),
    }
    assert REASONS - sole_reasons == set()
    assert pending_ones > SESSIONS * ROUNDS / 20


def compare() -> tuple[list[dict[str, Any]], list[set[str]]]:
    """What the rows are judged to be, and why those that are not live are not."""
    found = {row.pk: row for row in SessionState.objects.select_related(None)}
    now, platform = database_time(), Platform.objects.get()
    unswept = list(Revocation.objects.to_sweep())
    rows = Session.objects.select_related("user", "tenant__partner", "application")
    wanted = {row.pk: judged(row, platform, unswept, now) for row in rows}
    differing = [
        (want, got) for pk, want in wanted.items() if want != (got := {name: column(found[pk], name) for name in want})
    ]
    assert differing[:3] == []
    assert found.keys() == wanted.keys()
    return list(wanted.values()), [reasons_against(row, platform, now) for row in rows]


def test_session_state_view_has_columns_of_user_tenant_and_application(world: World):
    session = world.ada.session
    found = SessionState.objects.get(pk=session.pk)
    assert (found.user_email, found.user_role) == (world.ada.user.email, "user")
    assert (found.tenant_slug, found.tenant_name, found.tenant_kind) == (world.north.slug, "north", "CUSTOMER")
    assert (found.tenant_partner_id, found.app_count) == (world.acme.pk, 0)


def judged(row: Session, platform: Platform, unswept: list[Revocation], now: datetime) -> dict[str, Any]:
    """What the view must say of a session. This is a second copy of the rule, and meant to be one."""
    scopes: list[Any] = [row.tenant, row.tenant.partner, row.application]
    floors = [platform.min_revision, *(each.min_revision for each in scopes if each)]
    opened_as_admin, administers = row.role != Role.USER, row.user.role != Role.USER
    of_scope = max([*floors, platform.admin_min_revision if opened_as_admin else 0])
    is_admins = opened_as_admin or administers
    required = max([*floors, row.user.min_revision, platform.admin_min_revision if is_admins else 0])
    times_out_at = min(row.expires_at, row.last_activity_at + row.idle_limit)
    is_active = all(each.status == "ACTIVE" and not each.deleted_at for each in [row.user, *scopes] if each)
    is_unmarked, is_above = row.revoked_at is None, row.revision >= required
    is_live = is_unmarked and is_above and is_active and times_out_at > now
    if row.is_expired or (is_unmarked and row.revision >= of_scope and times_out_at <= now):
        state = "expired"
    else:
        state = "live" if is_live else "revoked"
    return {
        "state": state,
        "is_live": is_live,
        "is_revocable": is_unmarked and is_above and row.expires_at > now,
        "is_below_floor": row.revision < of_scope,
        "required_revision": required,
        "times_out_at": times_out_at,
        "has_timed_out": times_out_at <= now,
        "pending": pending(row, unswept, times_out_at) if is_unmarked and not is_above else None,
    }


def reasons_against(row: Session, platform: Platform, now: datetime) -> set[str]:
    """Every condition that keeps a session from being live."""
    scopes: dict[str, Any] = {"user": row.user, "tenant": row.tenant, "partner": row.tenant.partner}
    scopes |= {"application": row.application}
    there = {name: each for name, each in scopes.items() if each}
    found = {f"{name} suspended" for name, each in there.items() if each.status != "ACTIVE"}
    found |= {f"{name} deleted" for name, each in there.items() if each.deleted_at}
    found |= {f"floor of {name}" for name, each in there.items() if row.revision < each.min_revision}
    if row.revision < platform.min_revision:
        found.add("floor of platform")
    if row.revision < platform.admin_min_revision and row.role != Role.USER:
        found.add("floor of admins")
    elif row.revision < platform.admin_min_revision and row.user.role != Role.USER:
        found.add("floor of admins, by the user's role")
    conditions = {"marked": row.revoked_at is not None, "expired": row.expires_at <= now}
    conditions |= {"idle": row.last_activity_at + row.idle_limit <= now}
    return found | {name for name, holds in conditions.items() if holds}


def pending(row: Session, unswept: list[Revocation], times_out_at: datetime) -> str | None:
    over_it = (each for each in unswept if reaches(each, row) and each.created_at < times_out_at)
    return next((str(each.pk) for each in over_it if each.number > row.revision), None)


def reaches(revocation: Revocation, row: Session) -> bool:
    match revocation.reach:
        case RevocationScope.PLATFORM:
            return True
        case RevocationScope.ADMINS:
            return row.role != Role.USER
        case reach:
            return getattr(row, f"{reach}_id") == revocation.target_id


def column(found: SessionState, name: str) -> Any:
    if name == "pending":
        return found.pending_revocation and found.pending_revocation["id"]
    return getattr(found, name)


def everything(world: World) -> list[Any]:
    """What sessions hang on."""
    people = [world.person(f"person{n}", tenant) for n in range(5) for tenant in (world.north, world.springfield)]
    people += [world.super_admin.user, world.acme_partner.user, world.north_admin.user]
    applications = ApplicationFactory.create_batch(3)
    return [world.acme, world.globex, world.north, world.springfield, *people, *applications]


def generate(things: list[Any], dice: random.Random) -> None:
    """Sessions in every state there can be, and in many that no act leads to."""
    Session.objects.all().delete()
    Revocation.objects.all().delete()
    for thing in things:
        spoil(thing, dice)
    floors = {"min_revision": 1, "admin_min_revision": 3, "revision": HIGHEST}
    Platform.objects.update(**floors)
    now = database_time()
    people = [each for each in things if isinstance(each, User)]
    applications = [each for each in things if isinstance(each, Application)]
    ended_by = RevocationFactory()
    revoke_wide(things, dice, now)
    Session.objects.bulk_create(a_session(dice, people, [None, *applications], ended_by, now) for _ in range(SESSIONS))


def spoil(thing: Any, dice: random.Random) -> None:
    """Most stay as they are: a session hangs on four of them."""
    changes = {"min_revision": dice.choice([0, 0, 0, 2, HIGHEST - 2])}
    changes["status"] = "SUSPENDED" if dice.random() < 0.12 else "ACTIVE"
    changes["deleted_at"] = database_time() if dice.random() < 0.12 else None
    type(thing).objects.filter(pk=thing.pk).update(**changes)


def revoke_wide(things: list[Any], dice: random.Random, now: datetime) -> None:
    kinds = {
        Partner: RevocationScope.PARTNER,
        Tenant: RevocationScope.TENANT,
        User: RevocationScope.USER,
        Application: RevocationScope.APPLICATION,
    }
    targets = [(kinds[type(each)], each.pk) for each in things]
    chosen = [
        *dice.sample(targets, len(targets) // 2),
        (RevocationScope.ADMINS, None),
        (RevocationScope.PLATFORM, None),
    ]
    numbers = dice.sample(range(2, 2 + len(chosen)), len(chosen))
    for number, (reach, target_id) in zip(numbers, chosen, strict=True):
        at = now - dice.randrange(0, 60) * HOUR
        swept_at = now if dice.random() < 0.3 else None
        RevocationFactory(number=number, reach=reach, target_id=target_id, created_at=at, swept_at=swept_at)


def a_session(dice: random.Random, people: list[User], applications: list[Any], by: Any, now: datetime) -> Session:
    user = dice.choice(people)
    end = dice.choice(["", "", "", "", "revoked", "expired"])
    return SessionFactory.build(
        id=uuid7(),
        user=user,
        application=dice.choice(applications),
        role=dice.choice([user.role, user.role, Role.USER, Role.TENANT_ADMIN]),
        created_at=now - 1_000 * HOUR,
        last_activity_at=now - (dice.randrange(0, 40) + 0.5) * HOUR,
        expires_at=now + (dice.choice([-30, 20, 40, 60, 80]) + 0.5) * HOUR,
        idle_limit=dice.choice([24, 48, 100]) * HOUR,
        revision=dice.randrange(0, HIGHEST + 1),
        revoked_at=now if end else None,
        revocation=by if end == "revoked" else None,
        is_expired=end == "expired",
    )


def database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return cursor.fetchone()[0]
