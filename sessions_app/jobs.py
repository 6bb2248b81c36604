"""Periodic and queued jobs of the worker."""

from datetime import timedelta

from django.conf import settings
from procrastinate.contrib.django import app

from core.access import Principal
from sessions_app import operations
from sessions_app.operations import counter_maintenance


@app.periodic(cron="* * * * * */30")
@app.task(name="tidy_sessions")
def tidy_sessions(timestamp: int) -> None:
    """Continue interrupted sweeps, mark timed-out sessions and sum up the counters."""
    operations.sweep()
    operations.expire(actor=Principal.system("expire_sessions"))
    counter_maintenance.fold()


@app.periodic(cron="23 3 * * *")
@app.task(name="purge_sessions")
def purge_sessions(timestamp: int) -> None:
    operations.purge(timedelta(days=settings.SESSION_RETENTION_DAYS), actor=Principal.system("purge_sessions"))


@app.task(name="sweep_revocations")
def sweep_revocations() -> None:
    operations.sweep()
