"""The answer to a form: where to look at what came of it, so that looking again does nothing again."""

from http import HTTPStatus

from django.http.response import HttpResponseRedirectBase


class SeeOther(HttpResponseRedirectBase):
    status_code = HTTPStatus.SEE_OTHER
