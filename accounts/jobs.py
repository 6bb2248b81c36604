"""What the worker does by itself."""

from procrastinate.contrib.django import app

from accounts.operations import throttle


@app.periodic(cron="17 * * * *")
@app.task(name="forget_old_failures")
def forget_old_failures(timestamp: int) -> None:
    throttle.forget()
