from typing import Any

from core.access import Principal
from sessions_app import operations
from sessions_app.management.base import LongCommand, count_sessions


class Command(LongCommand):
    help = "Mark sessions that have timed out as expired. The worker does this every 30 seconds."

    def handle(self, **options: Any) -> None:
        expired = operations.expire(actor=Principal.system("expire_sessions"))
        self.stdout.write(f"{count_sessions(expired)} expired.")
