from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from sessions_app import operations
from sessions_app.operations import counter_maintenance
from tests.proof.orders.being_there import MINUTE, indices
from tests.proof.orders.stage import TICK, Stage
from tests.world import SYSTEM

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AN_INSTANT = timedelta(microseconds=1)


class Passing(Stage):
    """Time, and what is done from time to time."""

    @rule(later=st.sampled_from([MINUTE, 2 * MINUTE, 5 * MINUTE, HOUR, DAY, 8 * DAY, 31 * DAY]))
    def time_goes_by(self, later: timedelta) -> None:
        self.now(later)

    @rule(index=indices, off=st.sampled_from([timedelta(), AN_INSTANT, -AN_INSTANT]))
    def until_one_lapses(self, index: int, off: timedelta) -> None:
        live = sorted(self.model.live(), key=lambda stay: stay.lapses_at)
        if live:
            moment = live[index % len(live)].lapses_at + off
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

    @rule(is_anew=st.booleans())
    def fold(self, is_anew: bool) -> None:
        counter_maintenance.recount() if is_anew else counter_maintenance.fold()

    @rule(older_than=st.sampled_from([timedelta(), HOUR, 2 * DAY]))
    def purge(self, older_than: timedelta) -> None:
        self.now()
        assert operations.purge(older_than, actor=SYSTEM) == self.model.purge(older_than)
