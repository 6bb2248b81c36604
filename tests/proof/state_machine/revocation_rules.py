from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sessions_app import operations
from sessions_app.models import Revocation, RevocationScope, Session
from sessions_app.operations import bulk_revocation
from sessions_app.selection import Selection
from tenancy.models import Platform
from tests.proof.state_machine.base import RulesBase
from tests.proof.state_machine.model import Owner, SessionModel
from tests.proof.state_machine.session_rules import devices, indices
from tests.world import SYSTEM

wide = (RevocationScope.PLATFORM, RevocationScope.ADMINS)
reaches = st.sampled_from(
    [RevocationScope.USER, RevocationScope.TENANT, RevocationScope.PARTNER, RevocationScope.APPLICATION, *wide]
)
EVERY = 10_000


class RevocationRules(RulesBase):
    """Revocations by id, by scope and by filter."""

    @precondition(lambda self: self.model.sessions)
    @rule(index=indices)
    def sign_out(self, index: int) -> None:
        self.now()
        session = self.pick(index)
        operations.sign_out(session.pk, actor=SYSTEM)
        self.model.end([session], "signed out")

    @precondition(lambda self: self.model.sessions)
    @rule(chosen=st.lists(indices, max_size=6))
    def revoke_by_id(self, chosen: list[int]) -> None:
        self.now()
        sessions = list({session.pk: session for session in map(self.pick, chosen) if session}.values())
        chosen_sessions = Session.objects.filter(pk__in=[session.pk for session in sessions])
        self.check_result(
            operations.revoke(chosen_sessions, actor=SYSTEM, reason="named"), self.model.end(sessions, "named")
        )

    @rule(reach=reaches, index=indices, spare=st.none() | indices, shown=st.sampled_from([0, 2, EVERY]))
    def revoke_all(self, reach: RevocationScope, index: int, spare: int | None, shown: int) -> None:
        self.now()
        owner = self.above(index, reach)
        if owner is None and reach not in wide:
            return
        reason = f"all of {owner.name if owner else reach}"
        kept = self.pick(spare) if spare is not None else None
        ended = operations.revoke_scope(
            reach, self.id_of(owner), actor=SYSTEM, reason=reason, except_session_id=kept and kept.pk, max_ids=shown
        )
        self.check_result(ended, self.model.end_all(reach, owner, reason, kept), shown)

    @rule(reason=st.sampled_from(["bumped", "bumped again"]))
    def bump_the_token_version(self, reason: str) -> None:
        self.now()
        before = Platform.objects.get().token_version
        version, ended = operations.bump_token_version(actor=SYSTEM, reason=reason)
        assert version == before + 1
        self.check_result(ended, self.model.end_all(RevocationScope.ADMINS, None, reason), shown=0)

    @rule(reach=reaches, index=indices, device=devices)
    def revoke_by_device(self, reach: RevocationScope, index: int, device: str) -> None:
        self.now()
        owner = self.above(index, reach)
        if owner is None and reach not in wide:
            return
        selection = Selection({reach: self.id_of(owner)}, device_type=device)
        ended = bulk_revocation.revoke_selected(selection, actor=SYSTEM, reason="looks")
        sessions = self.model.sorted_sessions(lambda each: each.device == device and each.is_within(reach, owner))
        self.check_result(ended, self.model.end(sessions, "looks"), shown=0)

    def id_of(self, owner: Owner | None) -> object:
        return self.actors.id_of(owner.name) if owner else None

    @staticmethod
    def check_result(ended: operations.RevocationResult, expected: list[SessionModel], shown: int = EVERY) -> None:
        newest_first = [session.pk for session in reversed(expected)][:shown]
        assert (ended.count, ended.session_ids) == (len(expected), newest_first)
        assert not ended.revocation or Revocation.objects.get(pk=ended.revocation.pk).revoked_count == ended.count
