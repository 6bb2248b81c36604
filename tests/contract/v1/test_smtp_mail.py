"""Mail is sent by SMTP as `EMAIL_URL` says, and retried when the server refuses it."""

import email
import re
import socketserver
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from smtplib import SMTPException
from typing import Any

import environ
import pytest

from accounts import jobs
from tests.contract.v1.test_password_reset import NEW, issue, queued, sign_in, use
from tests.world import World


class Conversation(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as it takes to be handed a letter."""

    server: "MailServer"

    def handle(self) -> None:
        self.say("220 mail.example")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            self.server.heard.append(line)
            if verb == "DATA":
                self.say("354 go on")
                self.server.letters.append(self.letter())
            self.say("450 not now" if verb == "RCPT" and self.server.is_busy else "250 mail.example")
            if verb == "QUIT":
                return

    def letter(self) -> EmailMessage:
        lines = b"".join(iter(self.rfile.readline, b".\r\n"))
        found = email.message_from_bytes(lines, policy=default)
        assert isinstance(found, EmailMessage)
        return found

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.heard: list[str] = []
        self.letters: list[EmailMessage] = []
        self.is_busy = False


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"smtp://127.0.0.1:{server.server_address[1]}"
        for name, value in environ.Env.email_url_config(url).items():
            setattr(settings, name, value)
        yield server
        server.shutdown()


def test_reset_mail_arrives_by_smtp_and_its_code_works(world: World, mail_server: MailServer):
    issue(world)
    (job,) = queued()
    jobs.mail_password_reset(**job)
    (letter,) = mail_server.letters
    assert letter["To"] == world.ada.user.email
    plain, html = (letter.get_body([kind]) for kind in ("plain", "html"))
    assert plain
    assert html
    found = re.search(r"^(\S{40,})$", plain.get_content().replace("\r\n", "\n"), re.MULTILINE)
    assert found, plain.get_content()
    assert use(world, found[1]).status_code == 200
    assert sign_in(world, NEW) == 200


def test_reset_mail_is_retried_after_an_smtp_error(world: World, mail_server: MailServer):
    """The worker retries a job that has raised."""
    issue(world)
    (job,) = queued()
    mail_server.is_busy = True
    with pytest.raises(SMTPException):
        jobs.mail_password_reset(**job)
    mail_server.is_busy = False
    jobs.mail_password_reset(**job)
    assert len(mail_server.letters) == 1
