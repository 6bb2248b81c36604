"""What the worker does by itself."""

from procrastinate.contrib.django import app

from audit.idempotency import forget_answers


@app.periodic(cron="41 * * * *")
@app.task(name="forget_given_answers")
def forget_given_answers(timestamp: int) -> None:
    forget_answers()
