"""The published schema and the responses match the two reference documents (`reference.py`)."""

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from core.access import Scope
from tests.access.valid_requests import audit_entry_id
from tests.contract.v1.answers import data_of
from tests.contract.v1.reference import (
    ADMIN_API,
    DEFAULTS,
    FIELDS,
    FILTERS,
    REQUESTS,
    RESOURCES,
    SCHEMAS,
    SESSIONS_API,
    Endpoint,
)
from tests.resources import KINDS
from tests.world import Caller, World

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/openapi/v1.json").read_text())
COMPONENTS = SCHEMA["components"]["schemas"]
OPERATIONS = {
    (method.upper(), re.sub(r"\{\w+\}", "{}", path)): operation
    for path, operations in SCHEMA["paths"].items()
    for method, operation in operations.items()
}
NEEDS_SCOPE = {"detail": "Platform token requires admin:read or admin:write scope"}


def operation_of(endpoint: Endpoint) -> Any:
    return OPERATIONS.get((endpoint.method, re.sub(r"\{\w+\}", "{}", endpoint.path.rstrip("/"))))


def spelled(schema: Any) -> str:
    """A type of the published schema, as the documents write it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return spelled(COMPONENTS[name]) if "enum" in COMPONENTS[name] or name == "NullEnum" else name
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            return "|".join(map(spelled, schema[several]))
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", ["null"])
    items = f"[{spelled(schema['items'])}]" if "items" in schema else ""
    told = {"array": items, "string": schema.get("format", "string")}
    return "|".join(told.get(kind, kind) for kind in kinds)


def as_documented(name: str) -> dict[str, Any]:
    """A JSON schema of what a document promises: an answer has all of it, null or not, and may have more."""
    fields = {field.rstrip("*"): _type(kind) for field, kind in SCHEMAS[name].items()}
    return {"type": "object", "required": list(fields), "properties": fields}


def _type(kind: str) -> dict[str, Any]:
    if kind.startswith("[") and kind.endswith("]"):
        return {"type": "array", "items": _type(kind[1:-1])}
    if "|" in kind:
        return {"anyOf": [_type(each) for each in kind.split("|")]}
    if kind == "date-time":
        return {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
    return as_documented(kind) if kind in SCHEMAS else {"type": kind}


class TestPublishedSchema:
    def test_has_every_documented_schema_and_field(self):
        wrong = []
        for name, fields in SCHEMAS.items():
            ours = COMPONENTS.get(name, {"properties": {}})
            for field, kind in ((field.rstrip("*"), kind) for field, kind in fields.items()):
                found = spelled(ours["properties"][field]) if field in ours["properties"] else "missing"
                is_object = kind == "object" and COMPONENTS.get(found, {}).get("type") == "object"
                if found != kind and not is_object:
                    wrong.append((name, field, found))
                default = ours["properties"].get(field, {}).get("default")
                if default != DEFAULTS.get(name, {}).get(field):
                    wrong.append((name, field, default))
            theirs = {field.rstrip("*") for field in fields if field.endswith("*")}
            required = set(ours.get("required", ()))
            if not (required <= theirs if name in REQUESTS else theirs <= required):
                wrong.append((name, "required", required))
        assert wrong == []

    def test_has_every_documented_endpoint_parameter_and_response(self):
        wrong = []
        for endpoint in [*SESSIONS_API, *ADMIN_API]:
            ours = operation_of(endpoint)
            if ours is None or str(endpoint.status) not in ours["responses"]:
                wrong.append((str(endpoint), "is not there"))
                continue
            if _schema_in(ours["responses"].get("422", {})) != "HTTPValidationError":
                wrong.append((str(endpoint), "is not refused as documented"))
            query = {
                each["name"]: spelled(each["schema"]) for each in ours.get("parameters", ()) if each["in"] == "query"
            }
            if not endpoint.query.items() <= query.items():
                wrong.append((str(endpoint), query))
            answer, body = _schema_in(ours["responses"][str(endpoint.status)]), _schema_in(ours.get("requestBody", {}))
            is_required = not endpoint.request or ours["requestBody"]["required"]
            if endpoint.answer not in (None, answer) or endpoint.request not in (None, body) or not is_required:
                wrong.append((str(endpoint), answer, body))
        assert wrong == []

    def test_has_every_filter_and_field_of_the_admin_resources(self):
        wrong = []
        for resource, filters in FILTERS.items():
            ours = OPERATIONS["GET", f"/api/v1/admin/{resource}"]["parameters"]
            wrong += [(resource, name) for name in filters if name not in {each["name"] for each in ours}]
        for resource, fields in FIELDS.items():
            for method, path in (("POST", resource), ("PATCH", f"{resource}/{{}}")):
                body = _schema_in(OPERATIONS[method, f"/api/v1/admin/{path}"]["requestBody"])
                wrong += [(resource, method, name) for name in fields if name not in COMPONENTS[body]["properties"]]
        assert wrong == []


def _schema_in(part: Any) -> str:
    contents = part.get("content", {}).values()
    return next((content["schema"].get("$ref", "").rpartition("/")[2] for content in contents), "")


class TestDocumentedResponses:
    def test_sessions_api_responses_match_their_schemas(self, world: World):
        """Paths are requested with and without a trailing slash."""
        wrong = []
        for endpoint in SESSIONS_API:
            for slash in ("", "/"):
                caller, path, body = self.asked(world, endpoint)
                answer = caller.request(endpoint.method, path.rstrip("/") + slash, body)
                if answer.status_code != endpoint.status or (endpoint.status == 204 and answer.content):
                    wrong.append((str(endpoint), slash, answer.status_code, answer.content))
                elif endpoint.answer:
                    wrong += [(str(endpoint), each) for each in flaws_in(answer.json(), endpoint.answer)]
        assert wrong == []

    def asked(self, world: World, endpoint: Endpoint) -> tuple[Caller, str, Any]:
        """Something of Ada's that is there, asked for by whoever may."""
        phone = world.signed_in(world.ada.user)
        names = {"tenant_id": world.north.handle, "user_id": phone.user.handle, "session_id": phone.session_id}
        caller = world.signed_in(phone.user) if "/me/" in endpoint.path else world.super_admin
        body = {"user_id": phone.user.handle} if endpoint.path.endswith("admin/sessions/revoke-all") else None
        return caller, endpoint.path.format(**names), {"revoke_all": True} if endpoint.request else body

    def test_session_lists_and_details_have_the_documented_fields(self, world: World):
        """The documents have no schema for the admin list and details, and for one's own sessions."""
        phone = world.signed_in(world.ada.user)
        listed = world.super_admin.get(f"/api/v1/admin/sessions/?user_id={phone.user.handle}").json()
        shown = world.super_admin.get(f"/api/v1/admin/sessions/{phone.session_id}").json()
        mine = world.ada.get("/api/v1/me/sessions").json()
        assert flaws_in(listed, "PaginatedResponse_SessionListItem_") == []
        assert flaws_in(shown, "ApiResponse_SessionResponse_") == []
        assert [flaws_in(each, "SessionListItem") for each in mine["data"]] == [[]] * len(listed["data"]) == [[]] * 2
        ended = world.ada.delete(f"/api/v1/me/sessions/{phone.session_id}").json()
        assert flaws_in(ended, "ApiResponse_SessionRevokeResponse_") == []
        others = world.ada.post("/api/v1/me/sessions/revoke-all").json()
        assert flaws_in(others, "ApiResponse_SessionRevokeResponse_") == []
        by_name = world.super_admin.post(f"/api/v1/admin/sessions/{phone.session_id}/revoke").json()
        assert flaws_in(by_name, "ApiResponse_SessionRevokeResponse_") == []

    def test_error_responses_match_the_documents(self, world: World):
        wrong = []
        for endpoint in SESSIONS_API:
            _, path, body = self.asked(world, endpoint)
            if world.nobody.request(endpoint.method, path, body).status_code != 401:
                wrong.append((str(endpoint), "without a token"))
            unscoped = world.service().request(endpoint.method, path, body)
            if "/me/" not in path and (unscoped.status_code, unscoped.json()) != (403, NEEDS_SCOPE):
                wrong.append((str(endpoint), unscoped.status_code, unscoped.content))
            for name in endpoint.query.keys() & {"page", "per_page", "active_only"}:
                flawed = world.super_admin.get(f"{path}?{name}=x")
                wrong += [(str(endpoint), name, each) for each in flaws_in(flawed.json(), "HTTPValidationError")]
                if (flawed.status_code, flawed.json()["detail"][0]["loc"]) != (422, ["query", name]):
                    wrong.append((str(endpoint), name, flawed.content))
            if endpoint.request:
                for malformed in ({}, {"revoke_all": "x"}, [], None):
                    flawed = world.super_admin.request(endpoint.method, path, malformed)
                    wrong += [(str(endpoint), each) for each in flaws_in(flawed.json(), "HTTPValidationError")]
        assert wrong == []

    def test_admin_resource_responses_match_their_schemas(self, world: World):
        wrong = []
        operator, ada = world.super_admin, world.ada.user
        for kind in KINDS:
            body, prefix = kind.new(ada, world), f"{kind.model.prefix}_"
            made = data_of(operator.post(kind.path, body), 201)
            one = f"{kind.path}/{made['id']}"
            name = "first_name" if "email" in made else "name"
            shown, changed = data_of(operator.get(one)), data_of(operator.request("PATCH", one, {name: "Another"}))
            missing = set(FIELDS.get(str(kind), ())) - shown.keys()
            where = operator.get(kind.path).json()["pagination"]
            known = [made["id"].startswith(prefix), shown["id"] == made["id"], changed[name] == "Another", not missing]
            known += [where.keys() >= {"page", "per_page", "total", "total_pages"}, where["per_page"] == 20]
            gone = [operator.delete(one).status_code, operator.get(one).status_code]
            if not all(known) or gone != [204, 404]:
                wrong.append((str(kind), known, gone))
        assert (wrong, {str(kind) for kind in KINDS}) == ([], set(RESOURCES))

    def test_audit_and_dashboard_responses_match_the_documents(self, world: World):
        operator, entry = world.super_admin, audit_entry_id(world.ada.user)
        for path in ("audit", f"audit/{entry}", "dashboard/stats", "dashboard/activity"):
            assert operator.get(f"/api/v1/admin/{path}").status_code == 200, path
        shown = data_of(operator.get(f"/api/v1/admin/audit/{entry}"))
        named = {"actor_id", "actor_email", "action", "resource_type", "resource_id", "result"}
        assert named | {"ip_address", "user_agent", "timestamp"} <= shown.keys()

    def test_reads_and_writes_need_separate_scopes(self, world: World):
        reader, writer = world.service(Scope.ADMIN_READ), world.service(Scope.ADMIN_WRITE)
        assert reader.get("/api/v1/admin/sessions/").status_code == 200
        assert (writer.get("/api/v1/admin/sessions/").json()) == NEEDS_SCOPE
        assert reader.delete(f"/api/v1/admin/sessions/{world.ada.session_id}").json() == NEEDS_SCOPE


def flaws_in(body: Any, name: str) -> list[str]:
    return [error.message for error in Draft202012Validator(as_documented(name)).iter_errors(body)]
