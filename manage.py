#!/usr/bin/env python
import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

# Django's own commands, which would bypass the rules of roles and the audit log.
REPLACED = {
    "createsuperuser": "Use create_super_admin instead.",
    "changepassword": "Users change their own at /account/password/; administrators reset others' in the console.",
}

if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in REPLACED:
        sys.exit(f"Curfew does not have {sys.argv[1]}. {REPLACED[sys.argv[1]]}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except OperationalError as error:
        if not settings.EMBEDDED:
            raise
        sys.exit(f"The development database does not answer: is make run going in another terminal? ({error})")
