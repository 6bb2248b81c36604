from typing import Any

import pytest

from tests.contract.admin_tokens.answers import KEY, SECRET


@pytest.fixture(autouse=True)
def keys(settings: Any) -> None:
    settings.ADMIN_KEY, settings.CRON_SECRET = KEY, SECRET
