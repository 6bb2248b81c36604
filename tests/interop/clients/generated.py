"""Run the client job with the client that openapi-python-client generates from docs/openapi/edge.json."""

import json
import sys
from typing import Any

from edge_client import AuthenticatedClient, Client
from edge_client.api.api_session import delete_api_sessions, detail_api_sessions, list_api_sessions
from edge_client.api.authentication import authenticate
from edge_client.api.current_api_session import current_api_session_delete, get_current_api_session
from edge_client.api.current_identity import get_current_identity
from edge_client.api.identity import detail_identity, list_identities
from edge_client.models import AuthenticateMethod, AuthenticateRequest


def signing_in(job: dict[str, Any], password: str) -> Any:
    body = AuthenticateRequest(username=job["username"], password=password)
    with Client(base_url=job["url"]) as client:
        return authenticate.sync_detailed(client=client, body=body, method=AuthenticateMethod.PASSWORD)


def listed(client: AuthenticatedClient, text: str) -> dict[str, Any]:
    page = list_api_sessions.sync(client=client, filter_=text, limit=500)
    return {"total": page.meta.pagination.total_count, "ids": [row.id for row in page.data]}


def walk(job: dict[str, Any]) -> dict[str, Any]:
    token = signing_in(job, job["password"]).parsed.data.token
    key = {"token": token, "auth_header_name": "zt-session", "prefix": ""}
    with AuthenticatedClient(base_url=job["url"], **key) as client:
        done: dict[str, Any] = {"token": token, "current": get_current_api_session.sync(client=client).data.to_dict()}
        done["lists"] = {text: listed(client, text) for text in job["filters"]}
        done["me"] = get_current_identity.sync(client=client).data.id
        done["identities"] = [row.id for row in list_identities.sync(client=client, limit=500).data]
        done["identity"] = detail_identity.sync(job["identity"], client=client).data.name
        done["detail"] = detail_api_sessions.sync(job["victim"], client=client).data.to_dict()
        delete_api_sessions.sync(job["victim"], client=client)
        done["again"] = delete_api_sessions.sync_detailed(job["victim"], client=client).status_code
        done["unknown"] = detail_api_sessions.sync_detailed(job["unknown"], client=client).status_code
        done["bad_filter"] = list_api_sessions.sync(client=client, filter_=job["bad_filter"]).error.code
        current_api_session_delete.sync(client=client)
        done["dead_token"] = list_api_sessions.sync_detailed(client=client).status_code
    done["wrong_password"] = signing_in(job, job["wrong_password"]).status_code
    return done


json.dump(walk(json.load(sys.stdin)), sys.stdout)
