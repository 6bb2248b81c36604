"""The walk of test_edge_clients.py with mrok's own client of an OpenZiti controller, set up as mrok sets it up.

Run by the Python of the folder that tests/interop/install.py makes, with mrok's settings in the environment.
"""

import asyncio
import json
import sys
from typing import Any

import httpx
from mrok.conf import get_settings
from mrok.ziti import ZitiBadRequestError, ZitiManagementAPI

SESSIONS, CURRENT = "/api-sessions", "current-api-session"


async def status(asked: Any) -> int:
    try:
        await asked
    except httpx.HTTPStatusError as error:
        return error.response.status_code
    return 200


async def code(asked: Any) -> str:
    try:
        await asked
    except ZitiBadRequestError as error:
        return error.response["error"]["code"]
    return ""


async def listed(api: ZitiManagementAPI, text: str) -> dict[str, Any]:
    asked = {"filter": text}
    page = await api.get_page(SESSIONS, 1, 0, params=dict(asked))
    rows = [row["id"] async for row in api.collection_iterator(SESSIONS, params=asked)]
    return {"total": page["meta"]["pagination"]["totalCount"], "ids": rows}


async def walk(job: dict[str, Any]) -> dict[str, Any]:
    settings = get_settings()
    async with ZitiManagementAPI(settings) as api:
        done: dict[str, Any] = {"current": await api.get("", CURRENT), "token": api.token}
        done["lists"] = {text: await listed(api, text) for text in job["filters"]}
        done["me"] = (await api.get("", "current-identity"))["id"]
        done["identities"] = [identity["id"] async for identity in api.identities()]
        done["identity"] = (await api.get_identity(job["identity"]))["name"]
        # It looks for what it has tagged itself; nothing here is.
        assert await api.search_identity(job["identity"]) is None
        done["detail"] = await api.get(SESSIONS, job["victim"])
        await api.delete(SESSIONS, job["victim"])
        done["again"] = await status(api.delete(SESSIONS, job["victim"]))
        done["unknown"] = await status(api.get(SESSIONS, job["unknown"]))
        done["bad_filter"] = await code(api.search_by_id_or_name(SESSIONS, '"'))
        await api.delete("", CURRENT)
        # A dead token makes this client sign in anew, and go on.
        await api.get_page(SESSIONS, 1, 0)
        done["next_token"] = api.token
    settings.ziti.auth.password = job["wrong_password"]
    async with ZitiManagementAPI(settings) as stranger:
        done["wrong_password"] = await status(stranger.get_page(SESSIONS, 1, 0))
    return done


json.dump(asyncio.run(walk(json.load(sys.stdin))), sys.stdout)
