from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sessions_app import operations
from sessions_app.models import Reach, Revocation, Session
from sessions_app.operations import bulk_revocation
from sessions_app.selection import Selection
from tenancy.models import Platform
from tests.proof.orders.being_there import devices, indices
from tests.proof.orders.model import Stay, Thing
from tests.proof.orders.stage import Stage
from tests.world import SYSTEM

wide = (Reach.PLATFORM, Reach.ADMINS)
reaches = st.sampled_from([Reach.USER, Reach.TENANT, Reach.PARTNER, Reach.APPLICATION, *wide])
EVERY = 10_000


class Ending(Stage):
    """Ending sessions by name, by what they belong to, and by what they look like."""

    @precondition(lambda self: self.model.stays)
    @rule(index=indices)
    def sign_out(self, index: int) -> None:
        self.now()
        stay = self.pick(index)
        operations.sign_out(stay.pk, actor=SYSTEM)
        self.model.end([stay], "signed out")

    @precondition(lambda self: self.model.stays)
    @rule(chosen=st.lists(indices, max_size=6))
    def revoke_these(self, chosen: list[int]) -> None:
        self.now()
        stays = list({stay.pk: stay for stay in map(self.pick, chosen) if stay}.values())
        named = Session.objects.filter(pk__in=[stay.pk for stay in stays])
        self.ended_are(operations.revoke(named, actor=SYSTEM, reason="named"), self.model.end(stays, "named"))

    @rule(reach=reaches, index=indices, spare=st.none() | indices, shown=st.sampled_from([0, 2, EVERY]))
    def revoke_all(self, reach: Reach, index: int, spare: int | None, shown: int) -> None:
        self.now()
        thing = self.above(index, reach)
        if thing is None and reach not in wide:
            return
        reason = f"all of {thing.name if thing else reach}"
        spared = self.pick(spare) if spare is not None else None
        ended = operations.revoke_scope(
            reach, self.id_of(thing), actor=SYSTEM, reason=reason, spare=spared and spared.pk, shown=shown
        )
        self.ended_are(ended, self.model.end_all(reach, thing, reason, spared), shown)

    @rule(reason=st.sampled_from(["bumped", "bumped again"]))
    def bump_the_token_version(self, reason: str) -> None:
        self.now()
        before = Platform.objects.get().token_version
        version, ended = operations.bump_token_version(actor=SYSTEM, reason=reason)
        assert version == before + 1
        self.ended_are(ended, self.model.end_all(Reach.ADMINS, None, reason), shown=0)

    @rule(reach=reaches, index=indices, device=devices)
    def revoke_what_looks_like_this(self, reach: Reach, index: int, device: str) -> None:
        self.now()
        thing = self.above(index, reach)
        if thing is None and reach not in wide:
            return
        selection = Selection({reach: self.id_of(thing)}, device_type=device)
        ended = bulk_revocation.revoke_selected(selection, actor=SYSTEM, reason="looks")
        stays = self.model.among(lambda stay: stay.device == device and stay.is_within(reach, thing))
        self.ended_are(ended, self.model.end(stays, "looks"), shown=0)

    def id_of(self, thing: Thing | None) -> object:
        return self.cast.id_of(thing.name) if thing else None

    @staticmethod
    def ended_are(ended: operations.RevocationResult, wanted: list[Stay], shown: int = EVERY) -> None:
        newest_first = [stay.pk for stay in reversed(wanted)][:shown]
        assert (ended.count, ended.session_ids) == (len(wanted), newest_first)
        assert not ended.revocation or Revocation.objects.get(pk=ended.revocation.pk).revoked_count == ended.count
