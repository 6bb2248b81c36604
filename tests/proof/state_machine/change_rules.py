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
from sessions_app.models import RevocationScope
from tenancy import operations as tenancy
from tests.factories import hashed_password
from tests.proof.state_machine.actors import PARTNERS, POLICY_BEFORE, TENANTS
from tests.proof.state_machine.base import RulesBase
from tests.proof.state_machine.model import Owner
from tests.proof.state_machine.session_rules import MINUTE, indices
from tests.world import PASSWORD, SYSTEM

reaches = st.sampled_from(
    [RevocationScope.USER, RevocationScope.TENANT, RevocationScope.PARTNER, RevocationScope.APPLICATION]
)
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


class ChangeRules(RulesBase):
    """Changes of users, tenants, partners, applications and session policies."""

    def owner_to_change(self, index: int, reach: RevocationScope) -> Owner | None:
        """Pick an owner, but never the operators: the last one cannot be suspended."""
        owner = self.above(index, reach)
        return None if owner and self.model.owners["platform staff"] in (owner, owner.above) else owner

    @rule(reach=reaches, index=indices)
    def suspend(self, reach: RevocationScope, index: int) -> None:
        self.now()
        owner = self.owner_to_change(index, reach)
        if owner and not owner.is_suspended:
            act = accounts.change_user if reach is RevocationScope.USER else tenancy.change
            ended = act(self.row(owner), actor=SYSTEM, status=Status.SUSPENDED)
            assert ended == len(self.model.end_all(reach, owner, f"{reach} suspended"))
            owner.is_suspended = True

    @precondition(lambda self: any(owner.is_suspended for owner in self.model.owners.values()))
    @rule(index=indices)
    def reactivate(self, index: int) -> None:
        """Suspend an owner again, which changes nothing, and reactivate it."""
        self.now()
        down = [each for each in self.model.owners.values() if each.is_suspended and not each.is_deleted]
        if down:
            owner = down[index % len(down)]
            assert tenancy.suspend(self.row(owner), actor=SYSTEM) == 0
            tenancy.reactivate(self.row(owner), actor=SYSTEM)
            owner.is_suspended = False

    @rule(reach=reaches, index=indices)
    def delete(self, reach: RevocationScope, index: int) -> None:
        self.now()
        owner = self.owner_to_change(index, reach)
        if owner and reach is RevocationScope.PARTNER and self.has_tenants(owner):
            with suppress(tenancy.PartnerHasTenants):
                tenancy.delete(self.row(owner), actor=SYSTEM)
                raise AssertionError(f"{owner.name} was deleted although it has tenants")
        elif owner:
            act = accounts.delete_user if reach is RevocationScope.USER else tenancy.delete
            ended = act(self.row(owner), actor=SYSTEM)
            assert ended == len(self.model.end_all(reach, owner, f"{reach} deleted"))
            owner.is_deleted = True

    def has_tenants(self, partner: Owner) -> bool:
        tenants = (self.model.owners[name] for name in TENANTS)
        return any(tenant.above is partner and not tenant.is_deleted for tenant in tenants)

    @rule(index=indices)
    def change_role(self, index: int) -> None:
        self.now()
        user = self.above(index, RevocationScope.USER)
        if user and user.above and user.above.name in TENANTS:
            role = Role.USER if user.role == Role.TENANT_ADMIN else Role.TENANT_ADMIN
            ended = accounts.change_user(self.row(user), role=role, actor=SYSTEM)
            assert ended == len(self.model.end_all(RevocationScope.USER, user, "role changed"))
            user.role = role

    @rule(index=indices)
    def change_password(self, index: int) -> None:
        self.now()
        live = self.model.live()
        if not live:
            return
        session = live[-1 - index % len(live)]
        actor = principal_of(self.tokens[session.pk], Origin())
        assert actor
        if session.seen_at < self.model.now - MINUTE:
            session.seen_at = self.model.now
        with (
            patch("accounts.operations.passwords.require_password"),
            patch("accounts.operations.passwords.make_password", lambda _: hashed_password()),
        ):
            row = self.row(session.user)
            ended = accounts.change_password(row, current=PASSWORD, new=f"new {PASSWORD}", actor=actor)
        assert ended == len(self.model.end_all(RevocationScope.USER, session.user, "password changed", session))

    @rule(index=indices, partner=st.sampled_from(PARTNERS))
    def move(self, index: int, partner: str) -> None:
        self.now()
        tenant, to = self.above(index, RevocationScope.TENANT), self.model.owners[partner]
        if tenant and tenant.name in TENANTS and not to.is_deleted and tenant.above is not to:
            ended = tenancy.change_tenant(self.row(tenant), partner=self.row(to), actor=SYSTEM)
            assert ended == len(self.model.end_all(RevocationScope.TENANT, tenant, "tenant moved"))
            tenant.above = to

    @rule(
        reach=st.sampled_from([RevocationScope.TENANT, RevocationScope.PARTNER, RevocationScope.PLATFORM]),
        index=indices,
        policy=policies,
    )
    def set_policy(self, reach: RevocationScope, index: int, policy: dict[str, Any]) -> None:
        self.now()
        owner = self.above(index, reach)
        if owner is None:
            return
        if reach is RevocationScope.PLATFORM:  # it has no parent to inherit from
            policy = {key: POLICY_BEFORE[key] if value is None else value for key, value in policy.items()}
        ended = tenancy.set_session_policy(self.row(owner), actor=SYSTEM, **policy)
        owner.policy |= policy
        assert ended == self.model.apply_policy(owner)
