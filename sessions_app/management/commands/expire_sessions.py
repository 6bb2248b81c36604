from typing import Any

from core.access import Principal
from sessions_app import operations
from sessions_app.management.asking import LongCommand, some


class Command(LongCommand):
    help = "Write down which sessions the clock has ended. The worker does so by itself, every half minute."

    def handle(self, **options: Any) -> None:
        expired = operations.expire(actor=Principal.system("expire_sessions"))
        self.stdout.write(f"{some(expired)} expired.")
