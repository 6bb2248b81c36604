from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions_app"

    def ready(self) -> None:
        from sessions_app import receivers  # noqa: F401 - listening is its only effect
