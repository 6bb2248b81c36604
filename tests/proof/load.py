"""Random load for one of several processes: all actions that open or revoke sessions, in random order."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from random import Random
from typing import Any
from uuid import UUID

from accounts import operations as accounts
from accounts.models import Role, User
from accounts.operations import sign_in as proving
from core.access import Origin, Principal
from core.models import ConcurrentChange
from sessions_app import operations
from sessions_app.models import RevocationScope, Session
from sessions_app.operations import bulk_revocation, counter_maintenance, expiry, locks, revocation
from sessions_app.selection import Selection
from tenancy import operations as tenancy
from tenancy.models import Partner, Platform, Tenant
from tests.proof.mutations import mutated

SYSTEM = Principal.system("random load")
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0.0.0", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5) Mobile/15E148")
BUILDS: dict[str, list[tuple[Callable[..., Any], str, str]]] = {
    "careful": [],
    "ends scopes without waiting for anybody": [(locks.lock_scope_exclusive, "if scope is", "return\n    if scope is")],
    "expires without its users' locks": [(locks.lock_users, "list(User", "return\n    list(User")],
    "ends rows that it has not locked": [
        (revocation.revoke_rows_unaudited, "lock_sessions_with_users(session_ids)", "session_ids"),
        (revocation.revoke, "list(locked(sessions))", "list(Session.objects.filter(pk_in(sessions.values('pk'))))"),
        (expiry._expire_some, "lock_sessions_with_users(session_ids)", "session_ids"),
    ],
}


class RandomLoad:
    """Random acts on the given users, tenants and partners."""

    def __init__(self, seed: int, people: list[str], tenants: list[str], partners: list[str]) -> None:
        self.dice = Random(seed)
        self.people = [UUID(each) for each in people]
        self.tenants = [UUID(each) for each in tenants]
        self.partners = [UUID(each) for each in partners]
        self.seen: Counter[str] = Counter()
        self.versions: list[int] = []

    def run(self, acts: int) -> None:
        weighted = [name for name, weight in ACTS.items() for _ in range(weight)]
        for _ in range(acts):
            act = self.dice.choice(weighted)
            self.seen[act.__name__] += 1
            with suppress(ConcurrentChange):  # of two concurrent changes of one row, one is refused
                act(self)

    def user(self) -> User:
        return User.objects.select_related("tenant").get(pk=self.dice.choice(self.people))

    def some_sessions(self, count: int) -> Any:
        of_people = Session.objects.filter(user__in=self.people)
        return of_people.filter(
            pk__in=self.dice.sample(ids, min(count, len(ids))) if (ids := ids_of(of_people)) else []
        )

    def sign_in(self) -> None:
        user = self.user()
        candidate = accounts.find_account(accounts.Credentials(user.email, "", user.tenant.slug))
        if candidate is None:
            return
        proof = proving.VerifiedSignIn(candidate, "password", Origin("192.0.2.30", self.dice.choice(AGENTS)))
        try:
            operations.open(proof, actor=SYSTEM)
        except (operations.RevokedDuringSignIn, operations.SessionLimitReached) as refusal:
            self.seen[type(refusal).__name__] += 1
        else:
            self.seen["opened"] += 1

    def sign_out(self) -> None:
        for session in self.some_sessions(1):
            operations.sign_out(session.pk, actor=SYSTEM)

    def revoke_some(self) -> None:
        operations.revoke(self.some_sessions(5), actor=SYSTEM, reason="some")

    def revoke_mobile_devices(self) -> None:
        selection = Selection({RevocationScope.TENANT: self.dice.choice(self.tenants)}, device_type="mobile")
        bulk_revocation.revoke_selected(selection, actor=SYSTEM, reason=f"mobile {self.dice.random()}")

    def revoke_all(self) -> None:
        reach = self.dice.choice(
            [RevocationScope.USER] * 4
            + [RevocationScope.TENANT] * 2
            + [RevocationScope.PARTNER, RevocationScope.ADMINS, RevocationScope.PLATFORM]
        )
        candidates = {
            RevocationScope.USER: self.people,
            RevocationScope.TENANT: self.tenants,
            RevocationScope.PARTNER: self.partners,
        }
        target = self.dice.choice(candidates[reach]) if reach in candidates else None
        spare = next(iter(ids_of(self.some_sessions(1))), None) if self.dice.random() < 0.3 else None
        operations.revoke_scope(reach, target, actor=SYSTEM, reason="all", except_session_id=spare)

    def bump(self) -> None:
        self.versions.append(operations.bump_token_version(actor=SYSTEM, reason="bumped")[0])

    def expire(self) -> None:
        operations.expire(actor=SYSTEM)

    def sweep(self) -> None:
        operations.sweep()

    def fold(self) -> None:
        counter_maintenance.fold()

    def suspend_and_reactivate(self) -> None:
        kind, candidates = self.dice.choice([(User, self.people), (Tenant, self.tenants), (Partner, self.partners)])
        target = kind._default_manager.get(pk=self.dice.choice(candidates))
        tenancy.suspend(target, actor=SYSTEM)
        tenancy.reactivate(target, actor=SYSTEM)

    def move(self) -> None:
        tenant = Tenant.objects.get(pk=self.dice.choice(self.tenants))
        tenancy.change_tenant(tenant, partner=Partner.objects.get(pk=self.dice.choice(self.partners)), actor=SYSTEM)

    def change_role(self) -> None:
        user = self.user()
        role = Role.USER if user.role == Role.TENANT_ADMIN else Role.TENANT_ADMIN
        accounts.change_user(user, role=role, actor=SYSTEM)

    def set_policy(self) -> None:
        target: Any = Tenant.objects.get(pk=self.dice.choice(self.tenants))
        if self.dice.random() < 0.3:
            target = Partner.objects.get(pk=self.dice.choice(self.partners))
        if self.dice.random() < 0.1:
            target = Platform.objects.get()
        most = self.dice.choice([None, None, 4, 9])
        tenancy.set_session_policy(target, actor=SYSTEM, max_sessions=most, session_lifetime=86_400 * 30)


ACTS: dict[Callable[[RandomLoad], None], int] = {
    RandomLoad.sign_in: 40,
    RandomLoad.sign_out: 8,
    RandomLoad.revoke_some: 6,
    RandomLoad.revoke_mobile_devices: 2,
    RandomLoad.revoke_all: 8,
    RandomLoad.bump: 2,
    RandomLoad.expire: 5,
    RandomLoad.sweep: 4,
    RandomLoad.fold: 5,
    RandomLoad.suspend_and_reactivate: 3,
    RandomLoad.move: 2,
    RandomLoad.change_role: 3,
    RandomLoad.set_policy: 2,
}


def ids_of(rows: Any) -> list[UUID]:
    return list(rows.values_list("pk", flat=True))


def run_random_load(acts: int, build: str, **given: Any) -> dict[str, Any]:
    load = RandomLoad(**given)
    with ExitStack() as stack:
        for mutation in BUILDS[build]:
            stack.enter_context(mutated(*mutation))
        load.run(acts)
    return {"seen": load.seen, "versions": load.versions}
