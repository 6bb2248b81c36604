"""Serializer fields of responses."""

from typing import Any

from rest_framework import serializers

from core import ids
from core.ids import Prefix


class Id(serializers.CharField):
    def __init__(self, prefix: Prefix, **options: Any) -> None:
        super().__init__(**options)
        self.prefix, self.pattern = prefix, ids.pattern(prefix)


class Count(serializers.IntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, **options)
