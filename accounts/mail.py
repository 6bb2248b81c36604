"""E-mails to users with their tenant's branding, which is inserted as text and never as markup."""

import re
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from accounts.models import User

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
DEFAULT_COLOUR = "#1f4e79"


def send(user: User, template: str, **variables: Any) -> None:
    context = {"user": user, "brand": brand(user.tenant.branding), **variables}
    subject = " ".join(render_to_string(f"mail/{template}_subject.txt", context).split())
    message = EmailMultiAlternatives(subject, render_to_string(f"mail/{template}.txt", context), to=[user.email])
    message.attach_alternative(render_to_string(f"mail/{template}.html", context), "text/html")
    message.send()


def brand(branding: dict[str, Any]) -> dict[str, str]:
    """Return the branding that is supported: `product_name`, `primary_color` and `support_email`."""
    name, colour, support = (branding.get(each) for each in ("product_name", "primary_color", "support_email"))
    return {
        "name": name if isinstance(name, str) and name.strip() else settings.PRODUCT,
        "colour": colour if isinstance(colour, str) and COLOUR.fullmatch(colour) else DEFAULT_COLOUR,
        "support": support if isinstance(support, str) else "",
    }
