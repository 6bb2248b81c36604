"""What the worker does by itself."""

from procrastinate.contrib.django import app

from sessions_app import operations


@app.periodic(cron="* * * * *")
@app.task(name="sweep_revocations_again")
def sweep_revocations_again(timestamp: int) -> None:
    """Picks up what a killed worker left."""
    operations.sweep()


@app.task(name="sweep_revocations")
def sweep_revocations() -> None:
    operations.sweep()
