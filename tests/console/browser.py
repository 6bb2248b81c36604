"""A browser for console tests: keeps cookies and sends the CSRF token of the last form."""

import re
from html import unescape
from typing import Any

from django.test import Client

from accounts.models import User
from tests.world import CHROME, PASSWORD, Caller

HOME, SIGN_IN, SIGN_OUT = "/console/", "/console/sign-in/", "/console/sign-out/"
SESSIONS, END, REVOCATIONS = "/console/sessions/", "/console/sessions/end/", "/console/revocations/"
COOKIE = "curfew_session"
KINDS = (
    *("sessions", "revocations", "tenants", "users", "groups", "applications", "identity-providers", "agents"),
    *("record", "partners"),
)


class Browser:
    def __init__(self, caller: Caller | None = None, agent: str = CHROME) -> None:
        self.http = Client(enforce_csrf_checks=True, headers={"User-Agent": agent})
        if caller is not None:
            self.http.cookies[COOKIE] = caller.key

    def open(self, path: str, **said: Any) -> str:
        return self._read(self.http.get(path, said, follow=True))

    def send(self, path: str, **form: Any) -> str:
        """With the token of the last page that had one: it is good for every form."""
        return self._read(self.http.post(path, {"csrfmiddlewaretoken": self.token, **form}, follow=True))

    def sign_in(self, user: User, **more: str) -> str:
        self.open(SIGN_IN)
        return self.send(SIGN_IN, email=user.email, password=PASSWORD, **more)

    def end(self, reason: str = "a bad night", **what: Any) -> str:
        """As the form has it that the preview shows."""
        self.open(END, **what)
        fields: dict[str, Any] = {}
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.html):
            fields.setdefault(name, []).append(unescape(value))
        return self.send(END, **{**fields, "reason": reason})

    def _read(self, answer: Any) -> str:
        self.answer, self.status, self.at = answer, answer.status_code, answer.request["PATH_INFO"]
        self.html = answer.content.decode()
        if token := re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.html):
            self.token = token[1]
        within = self.html[max(0, self.html.find("<main")) :]
        bare = re.sub(r"<(style|script)\b.*?</\1>|<[^>]+>", " ", within, flags=re.DOTALL)
        self.text = re.sub(r"\s+", " ", unescape(bare))
        return self.text
