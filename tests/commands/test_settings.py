"""Production refuses to start with incomplete or invalid settings, and names them in one line."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.cells import cells
from tests.samples import sampled
from tests.servers import environment

COMPLETE = {
    "SECRET_KEY": "a secret of more than fifty characters, none of them worth guessing",
    "ALLOWED_HOSTS": "curfew.example,www.curfew.example",
    "DATABASE_URL": "postgres://curfew:password@database.example/curfew",
}


@pytest.mark.sampled
@pytest.mark.parametrize("missing", COMPLETE)
def test_missing_required_setting_is_named(manage, missing: str):
    commands = (["check"], ["create_super_admin", "a@b.example"], ["procrastinate", "worker"])
    for arguments in sampled(commands, missing):
        ended = manage(*arguments, **COMPLETE | {missing: ""})
        assert (ended.returncode, ended.stdout) == (1, "")
        (line,) = ended.stderr.splitlines()
        assert line.startswith(f"{missing} is not set. Set it in the environment or in .env")


def test_any_environment_but_development_is_production(manage):
    for word in ("production", "staging", "Development", ""):
        ended = manage("check", CURFEW_ENV=word)
        assert (ended.returncode, "SECRET_KEY is not set" in ended.stderr) == (1, True)


def test_development_needs_no_settings(manage):
    ended = manage("check", CURFEW_ENV="development")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_command_without_a_running_development_database_says_how_to_start_one(manage, tmp_path: Path):
    ended = manage("session_stats", CURFEW_ENV="development", CURFEW_HOME=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "is make run going in another terminal?" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_web_server_names_the_missing_setting_without_a_traceback(project: Path, bare: dict[str, str]):
    command = [sys.executable, "-c", "import config.wsgi"]
    ended = subprocess.run(command, env=bare, cwd=project, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0].startswith("SECRET_KEY is not set.")
    assert "Traceback" not in ended.stderr


class TestOperatorKeySettings:
    WEAK = ("changeme", "x" * 64, "abc" * 20, "a key with spaces, which no header has: 0123456789", "ключ" * 20)

    @pytest.mark.sampled
    @pytest.mark.parametrize("name", ["ADMIN_KEY", "CRON_SECRET"])
    def test_weak_key_is_refused_by_name(self, manage, name: str):
        for weak in sampled(self.WEAK, name):
            ended = manage("check", **COMPLETE | {name: weak})
            assert (ended.returncode, ended.stdout) == (1, "")
            (line,) = ended.stderr.splitlines()
            assert line.startswith(f"{name} is too weak")
            assert weak not in line


class TestUrlSettings:
    WRONG = (
        *("curfew.example.com", "/curfew", "ftp://curfew.example.com", "https://"),
        *("https://[::1", "https://curfew.example.com?query", "https://curfew.example.com/curfew#fragment"),
    )

    @pytest.mark.sampled
    def test_malformed_public_url_is_refused(self, manage):
        for wrong in sampled(self.WRONG, "PUBLIC_URL"):
            ended = manage("check", **COMPLETE | {"PUBLIC_URL": wrong})
            assert (ended.returncode, ended.stdout) == (1, "")
            assert ended.stderr.startswith(f"PUBLIC_URL is not a valid web address: {wrong}. ")

    @pytest.mark.parametrize("path", ["api", "console/", "version/curfew"])
    def test_public_url_with_a_path_of_the_product_is_refused(self, manage, path: str):
        ended = manage("check", **COMPLETE | {"PUBLIC_URL": f"https://apps.example.com/{path}"})
        assert (ended.returncode, ended.stdout) == (1, "")
        (line,) = ended.stderr.splitlines()
        assert line.startswith(f"PUBLIC_URL has a path that begins with /{path.partition('/')[0]}, ")

    @pytest.mark.sampled
    def test_malformed_cors_origin_is_refused(self, manage):
        wrong = ["panel.example.com", "https://panel.example.com/path", "*", "null", "https://*.example.com"]
        wrong += [
            "https://panel.example.com?query",
            "https://panel.example.com#fragment",
            "https://b\u00fccher.example",
        ]
        wrong += ["https://panel.example.com:port", "https://panel.example.com:65536", "https://panel.example.com:"]
        for each in sampled(wrong, "CORS_ALLOWED_ORIGINS"):
            ended = manage("check", **COMPLETE | {"CORS_ALLOWED_ORIGINS": f"https://good.example.com,{each}"})
            assert (ended.returncode, ended.stderr.startswith("CORS_ALLOWED_ORIGINS ")) == (1, True), each
            assert len(ended.stderr.splitlines()) == 1

    def test_password_in_a_cors_origin_is_refused_and_not_printed(self, manage):
        ended = manage("check", **COMPLETE | {"CORS_ALLOWED_ORIGINS": "https://ada:secret@panel.example.com"})
        assert (ended.returncode, ended.stderr.startswith("CORS_ALLOWED_ORIGINS ")) == (1, True)
        assert "secret" not in ended.stderr

    def test_cors_origins_are_normalized_as_browsers_send_them(self, manage):
        spelled = {
            "https://panel.example.com": "https://panel.example.com",
            "HTTPS://Console.Example/": "https://console.example",
            "https://console.example:443": "https://console.example",
            "http://console.example:080": "http://console.example",
            "http://console.example:443": "http://console.example:443",
            " http://127.0.0.1:8080/": "http://127.0.0.1:8080",
            "http://[2001:DB8:0::1]:80": "http://[2001:db8::1]",
        }
        show = ["shell", "-v", "0", "-c", "from django.conf import settings; print(*settings.CORS_ALLOWED_ORIGINS)"]
        ended = manage(*show, **COMPLETE | {"CORS_ALLOWED_ORIGINS": ",".join(spelled)})
        assert (ended.stdout.split(), ended.stderr) == (list(spelled.values()), "")


OUT_OF_RANGE = (
    ("ADMIN_SESSION_LIFETIME", "119", "120 to 315360000"),
    ("ADMIN_SESSION_RETENTION_DAYS", "-3", "0 to 3650"),
    ("ADMIN_SESSION_LIFETIME", "-1", "120 to 315360000"),
    ("ADMIN_SESSION_RETENTION_DAYS", "10000000000", "0 to 3650"),
    ("ADMIN_SESSION_LIFETIME", "99999999999999", "120 to 315360000"),
)


@pytest.mark.sampled
def test_number_out_of_range_is_refused_by_name(manage):
    for name, value, takes in sampled(OUT_OF_RANGE, "numbers"):
        ended = manage("check", **COMPLETE | {name: value})
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.splitlines() == [f"{name} is {value}; it takes {takes}."]


class TestDeploymentCheck:
    @pytest.mark.parametrize(
        ("key", "more"),
        [
            (None, {}),
            ("", {"PUBLIC_URL": "https://apps.example.com/curfew"}),
            ("NSVc2cfp3rqxHpQIz0n6Uo5oT4xjMmDp3GJmUoGkX3o", {"PUBLIC_URL": "https://apps.example.com/a/curfew/"}),
        ],
        ids=["no key", "empty keys and a path", "strong keys and a longer path"],
    )
    def test_complete_settings_pass_without_warnings(self, manage, key: str | None, more: dict[str, str]):
        keys = {} if key is None else {"ADMIN_KEY": key, "CRON_SECRET": key}
        ended = manage("check", "--deploy", "--fail-level", "WARNING", **COMPLETE | keys | more)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout == "System check identified no issues (4 silenced).\n"

    def test_guessable_secret_key_is_warned_about(self, manage):
        ended = manage("check", "--deploy", "--fail-level", "WARNING", **COMPLETE | {"SECRET_KEY": "guess me"})
        assert (ended.returncode, "security.W009" in ended.stderr) == (1, True)


class TestStatementTimeout:
    HOLDS = (
        ({"STATEMENT_TIMEOUT": "7"}, "import config.wsgi", "7s"),
        ({"STATEMENT_TIMEOUT": "0"}, "import config.wsgi", "0"),
        ({"STATEMENT_TIMEOUT": "7"}, "import django; django.setup()", "0"),
        ({}, "import config.wsgi", "30s"),
    )

    @pytest.mark.sampled
    @cells(("given", "load", "holds"), sampled(HOLDS, "statement timeout", share=2))
    def test_applies_to_the_web_server_only(
        self, given: dict[str, str], load: str, holds: str, db: None, project: Path
    ):
        ask = "from django.db import connection; c = connection.cursor(); c.execute('SHOW statement_timeout')"
        command = [sys.executable, "-c", f"{load}; {ask}; print(*c.fetchone())"]
        env = environment(settings.DATABASES["default"]) | given
        ended = subprocess.run(command, env=env, cwd=project, capture_output=True, text=True, timeout=60)
        assert (ended.stdout.strip(), ended.stderr) == (holds, "")


def test_jit_compilation_is_off(db: None):
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
