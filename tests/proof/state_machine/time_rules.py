from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from sessions_app import operations
from sessions_app.operations import counter_maintenance
from tests.proof.state_machine.base import TICK, RulesBase
from tests.proof.state_machine.session_rules import MINUTE, indices
from tests.world import SYSTEM

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AN_INSTANT = timedelta(microseconds=1)


class TimeRules(RulesBase):
    """The passing of time, and scheduled maintenance."""

    @rule(later=st.sampled_from([MINUTE, 2 * MINUTE, 5 * MINUTE, HOUR, DAY, 8 * DAY, 31 * DAY]))
    def advance_clock(self, later: timedelta) -> None:
        self.now(later)

    @rule(index=indices, off=st.sampled_from([timedelta(), AN_INSTANT, -AN_INSTANT]))
    def advance_to_a_timeout(self, index: int, off: timedelta) -> None:
        live = sorted(self.model.live(), key=lambda session: session.times_out_at)
        if live:
            moment = live[index % len(live)].times_out_at + off
            self.now(max(moment - self.model.now, TICK))

    @rule(is_swept=st.booleans())
    def expire(self, is_swept: bool) -> None:
        self.now()
        if is_swept:
            self.sweep_all()
        assert operations.expire(actor=SYSTEM) == self.model.expire()

    @rule(is_folded=st.booleans())
    def sweep(self, is_folded: bool) -> None:
        self.now()
        self.sweep_all()
        if is_folded:
            counter_maintenance.fold()

    def sweep_all(self) -> None:
        operations.sweep()
        self.model.sweep()

    @rule(is_rebuilt=st.booleans())
    def fold(self, is_rebuilt: bool) -> None:
        counter_maintenance.recount() if is_rebuilt else counter_maintenance.fold()

    @rule(older_than=st.sampled_from([timedelta(), HOUR, 2 * DAY]))
    def purge(self, older_than: timedelta) -> None:
        self.now()
        assert operations.purge(older_than, actor=SYSTEM) == self.model.purge(older_than)
