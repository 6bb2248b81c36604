from typing import Any

from sessions_app import operations
from sessions_app.management.base import LongCommand, count_sessions, progress
from sessions_app.models import Revocation


class Command(LongCommand):
    help = "Update the session rows of pending revocations. The worker does this immediately."

    def handle(self, **options: Any) -> None:
        pending = list(Revocation.objects.to_sweep())
        with progress(sum(max(0, each.revoked_count - each.swept_count) for each in pending)) as bar:
            swept = operations.sweep(on_progress=bar.update)
        for each in pending:
            each.refresh_from_db()
            state = "all of" if each.swept_at else f"{each.swept_count:,} of"
            self.stdout.write(
                f"{each.handle}  {state} {count_sessions(each.revoked_count)}  {each.reach}: {each.reason}"
            )
        self.stdout.write(f"{count_sessions(swept)} updated.")
