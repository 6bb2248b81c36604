from typing import Any

from rest_framework import serializers


class Text(serializers.CharField):
    """A string, and nothing that merely looks like one; not blank, and without the NUL that PostgreSQL cannot hold."""

    pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Secret(Text):
    """Taken to the letter, spaces and all; bounded, because hashing costs."""

    pattern = r"^[^\u0000]+$"

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=1024, trim_whitespace=False, write_only=True, **options)


class Flag(serializers.BooleanField):
    """True or false, and nothing that merely sounds like it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data
