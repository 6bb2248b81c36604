"""Periodic jobs."""

from procrastinate.contrib.django import app

from audit.idempotency import purge_responses


@app.periodic(cron="41 * * * *")
@app.task(name="forget_given_answers")
def purge_idempotent_responses(timestamp: int) -> None:
    purge_responses()
