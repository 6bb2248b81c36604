"""PUBLIC_URL may have any path except one that starts like a route of the product."""

from typing import Any

from django.conf import settings
from django.urls import get_resolver

from config.public_url import OUR_SEGMENTS


def first_segment(path: Any) -> str:
    return str(path).strip("/").partition("/")[0]


def test_public_url_with_a_first_path_segment_of_the_product_is_refused():
    assert settings.API_DOCS
    routes = [each.pattern for each in get_resolver().url_patterns]
    segments = {first_segment(each) for each in [*routes, settings.STATIC_URL]} - {""}  # but for the page at the root
    assert segments == set(OUR_SEGMENTS)
