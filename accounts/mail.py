"""Letters to users, in their tenant's colours. What a tenant says of itself is text, and never markup."""

import re
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from accounts.models import User

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
OUR_COLOUR = "#1f4e79"


def send(user: User, letter: str, **said: Any) -> None:
    given = {"user": user, "brand": brand(user.tenant.branding), **said}
    subject = " ".join(render_to_string(f"mail/{letter}_subject.txt", given).split())
    message = EmailMultiAlternatives(subject, render_to_string(f"mail/{letter}.txt", given), to=[user.email])
    message.attach_alternative(render_to_string(f"mail/{letter}.html", given), "text/html")
    message.send()


def brand(branding: dict[str, Any]) -> dict[str, str]:
    """The few words that are understood: `product_name`, `primary_color` and `support_email`."""
    name, colour, support = (branding.get(each) for each in ("product_name", "primary_color", "support_email"))
    return {
        "name": name if isinstance(name, str) and name.strip() else settings.PRODUCT,
        "colour": colour if isinstance(colour, str) and COLOUR.fullmatch(colour) else OUR_COLOUR,
        "support": support if isinstance(support, str) else "",
    }
