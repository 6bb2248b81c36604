"""A transaction that a test begins itself."""

from typing import Any

from django.db import transaction


def own_transaction() -> Any:
    """A block that counts as no transaction to blocks of the product that must be outermost ones."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    return block
