from contextlib import suppress
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from accounts import operations as accounts
from accounts.models import Role
from core.access import Origin
from core.models import Status
from sessions_app.api.authentication import principal_of
from sessions_app.models import Reach
from tenancy import operations as tenancy
from tests.proof.orders.being_there import MINUTE, indices
from tests.proof.orders.cast import PARTNERS, POLICY_BEFORE, TENANTS
from tests.proof.orders.model import Thing
from tests.proof.orders.stage import Stage
from tests.world import PASSWORD, SYSTEM, hashed_password

reaches = st.sampled_from([Reach.USER, Reach.TENANT, Reach.PARTNER, Reach.APPLICATION])
seconds = st.sampled_from([None, 120, 300, 1800, 86_400])
policies = st.fixed_dictionaries(
    {},
    optional={
        "session_lifetime": seconds,
        "idle_timeout": seconds,
        "max_sessions": st.sampled_from([None, 1, 2, 3]),
        "when_full": st.sampled_from([None, "deny", "evict"]),
    },
)


class Changing(Stage):
    """What becomes of people, of where they are, and of what they may."""

    def somebody(self, index: int, reach: Reach) -> Thing | None:
        """Operators stay: whether the last may go is another question."""
        thing = self.above(index, reach)
        return None if thing and self.model.things["platform staff"] in (thing, thing.above) else thing

    @rule(reach=reaches, index=indices)
    def suspend(self, reach: Reach, index: int) -> None:
        self.now()
        thing = self.somebody(index, reach)
        if thing and not thing.is_suspended:
            act = accounts.change_user if reach is Reach.USER else tenancy.change
            ended = act(self.row(thing), actor=SYSTEM, status=Status.SUSPENDED)
            assert ended == len(self.model.end_all(reach, thing, f"{reach} suspended"))
            thing.is_suspended = True

    @precondition(lambda self: any(thing.is_suspended for thing in self.model.things.values()))
    @rule(index=indices)
    def come_back(self, index: int) -> None:
        """Suspending it once more, which does nothing, and then reactivating it."""
        self.now()
        down = [each for each in self.model.things.values() if each.is_suspended and not each.is_deleted]
        if down:
            thing = down[index % len(down)]
            assert tenancy.suspend(self.row(thing), actor=SYSTEM) == 0
            tenancy.reactivate(self.row(thing), actor=SYSTEM)
            thing.is_suspended = False

    @rule(reach=reaches, index=indices)
    def delete(self, reach: Reach, index: int) -> None:
        self.now()
        thing = self.somebody(index, reach)
        if thing and reach is Reach.PARTNER and self.is_inhabited(thing):
            with suppress(tenancy.PartnerHasTenants):
                tenancy.delete(self.row(thing), actor=SYSTEM)
                raise AssertionError(f"{thing.name} went over its tenants' heads")
        elif thing:
            act = accounts.delete_user if reach is Reach.USER else tenancy.delete
            ended = act(self.row(thing), actor=SYSTEM)
            assert ended == len(self.model.end_all(reach, thing, f"{reach} deleted"))
            thing.is_deleted = True

    def is_inhabited(self, partner: Thing) -> bool:
        tenants = (self.model.things[name] for name in TENANTS)
        return any(tenant.above is partner and not tenant.is_deleted for tenant in tenants)

    @rule(index=indices)
    def change_role(self, index: int) -> None:
        self.now()
        user = self.above(index, Reach.USER)
        if user and user.above and user.above.name in TENANTS:
            role = Role.USER if user.role == Role.TENANT_ADMIN else Role.TENANT_ADMIN
            ended = accounts.change_user(self.row(user), role=role, actor=SYSTEM)
            assert ended == len(self.model.end_all(Reach.USER, user, "role changed"))
            user.role = role

    @rule(index=indices)
    def change_password(self, index: int) -> None:
        self.now()
        live = self.model.live()
        if not live:
            return
        stay = live[-1 - index % len(live)]
        actor = principal_of(self.tokens[stay.pk], Origin())
        assert actor
        if stay.seen_at < self.model.now - MINUTE:
            stay.seen_at = self.model.now
        with (
            patch("accounts.operations.passwords.require_password"),
            patch("accounts.operations.passwords.make_password", lambda _: hashed_password()),
        ):
            row = self.row(stay.user)
            ended = accounts.change_password(row, current=PASSWORD, new=f"new {PASSWORD}", actor=actor)
        assert ended == len(self.model.end_all(Reach.USER, stay.user, "password changed", stay))

    @rule(index=indices, partner=st.sampled_from(PARTNERS))
    def move(self, index: int, partner: str) -> None:
        self.now()
        tenant, to = self.above(index, Reach.TENANT), self.model.things[partner]
        if tenant and tenant.name in TENANTS and not to.is_deleted and tenant.above is not to:
            ended = tenancy.change_tenant(self.row(tenant), partner=self.row(to), actor=SYSTEM)
            assert ended == len(self.model.end_all(Reach.TENANT, tenant, "tenant moved"))
            tenant.above = to

    @rule(reach=st.sampled_from([Reach.TENANT, Reach.PARTNER, Reach.PLATFORM]), index=indices, policy=policies)
    def set_policy(self, reach: Reach, index: int, policy: dict[str, Any]) -> None:
        self.now()
        thing = self.above(index, reach)
        if thing is None:
            return
        if reach is Reach.PLATFORM:  # above which there is nothing to fall back on
            policy = {key: POLICY_BEFORE[key] if value is None else value for key, value in policy.items()}
        ended = tenancy.set_session_policy(self.row(thing), actor=SYSTEM, **policy)
        thing.policy |= policy
        assert ended == self.model.tighten(thing)
