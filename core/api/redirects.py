"""The redirect after a form, so that reloading the page does not submit it again."""

from http import HTTPStatus

from django.http.response import HttpResponseRedirectBase


class SeeOther(HttpResponseRedirectBase):
    status_code = HTTPStatus.SEE_OTHER
