"""/admin/agents: programs that act in one tenant in their own name, their tokens and rate limits."""

from datetime import timedelta
from typing import Any

import jwt
from django.db.models import F

from accounts.models import Agent, AgentMinute
from audit.models import AuditEntry
from core.access import Scope
from core.crypto import digest
from core.ids import Prefix
from sessions_app import operations as sessions
from sessions_app.models import RevocationScope
from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.contract.v1.answers import data_of, flaws, page, refused
from tests.contract.v1.test_platform_tokens import UNKNOWN_CLIENT, by_form, denied, granted
from tests.security.test_platform_scopes import NEEDS_SCOPE, NEEDS_USER, PERSONAL, with_claims
from tests.world import SYSTEM, Caller, World, some_id

PATH, APPLICATIONS = "/api/v1/admin/agents", "/api/v1/admin/applications"
DENIED = {"detail": "Access denied"}


def made(world: World, **more: Any) -> dict[str, Any]:
    """By an operator, in north, with Ada to answer for it."""
    place = {"tenant_id": world.north.handle, "owner_user_id": world.ada.user.handle}
    return data_of(world.super_admin.post(PATH, {"name": "Librarian"} | place | more), 201)


def token_of(world: World, agent: dict[str, Any], **form: str) -> Caller:
    answer = by_form(world, agent["client_id"], agent["client_secret"], **form)
    return Caller(granted(answer)["access_token"])


def with_scopes(world: World, *scopes: str, **more: Any) -> Caller:
    return token_of(world, made(world, allowed_scopes=list(scopes), **more))


class TestAgent:
    def test_belongs_to_the_admins_tenant_by_default(self, world: World):
        body = {"name": "Librarian", "owner_user_id": world.ada.user.handle}
        agent = data_of(world.north_admin.post(PATH, body), 201)
        assert (agent["tenant_id"], agent["agent_type"], agent["rate_limit_rpm"]) == (world.north.handle, "mcp", None)
        assert flaws(world.super_admin.post(PATH, body)) == [(["body", "tenant_id"], "Field required", "missing")]

    def test_owner_must_be_a_user_of_its_tenant(self, world: World):
        agent = made(world)
        strangers = [world.katherine.user.handle, world.lisa.user.handle, some_id(Prefix.USER), "x"]
        before = database_digest()
        for stranger in strangers:
            body = {"name": "x", "tenant_id": world.north.handle, "owner_user_id": stranger}
            assert refused(world.super_admin.post(PATH, body), 403) == DENIED
            answer = world.super_admin.request("PATCH", f"{PATH}/{agent['id']}", {"owner_user_id": stranger})
            assert refused(answer, 403) == DENIED
        assert database_digest() == before
        moved = world.north_admin.request("PATCH", f"{PATH}/{agent['id']}", {"owner_user_id": world.alan.user.handle})
        assert data_of(moved)["owner_user_id"] == world.alan.user.handle
        changes = AuditEntry.objects.latest("pk").changes
        assert changes == {"owner_user_id": [world.ada.user.handle, world.alan.user.handle]}

    @cells("who", ["north_admin", "acme_partner", "super_admin"])
    def test_owner_defaults_to_the_admin_who_creates_it(self, who: str, world: World):
        caller: Caller = getattr(world, who)
        place = {"name": "Librarian", "tenant_id": world.north.handle}
        for body in (place, place | {"owner_user_id": None}, place | {"owner_user_id": caller.user.handle}):
            assert data_of(caller.post(PATH, body), 201)["owner_user_id"] == caller.user.handle, body
        named = data_of(caller.post(PATH, place | {"owner_user_id": world.ada.user.handle}), 201)
        assert named["owner_user_id"] == world.ada.user.handle

    def test_owner_defaults_to_the_user_of_the_api_key(self, world: World):
        key = data_of(world.north_admin.post("/api/v1/me/api-keys", {"name": "laptop"}), 201)["api_key"]
        agent = data_of(Caller(key).post(PATH, {"name": "Librarian"}), 201)
        assert agent["owner_user_id"] == world.north_admin.user.handle

    def test_has_no_owner_when_created_by_a_service_or_agent(self, world: World):
        service, agent = world.service(*Scope), with_scopes(world, *Scope)
        for caller in (service, agent):
            body = {"name": "Librarian", "tenant_id": world.north.handle, "allowed_scopes": ["openid"]}
            ownerless = data_of(caller.post(PATH, body), 201)
            shown = data_of(world.north_admin.get(f"{PATH}/{ownerless['id']}"))
            assert (ownerless["owner_user_id"], shown["owner_user_id"]) == (None, None)
            assert token_of(world, ownerless).token
            named = data_of(caller.post(PATH, body | {"owner_user_id": world.ada.user.handle}), 201)
            assert named["owner_user_id"] == world.ada.user.handle

    def test_keeps_an_owner_of_a_higher_role_on_full_update(self, world: World):
        body = {"name": "Librarian", "tenant_id": world.north.handle}
        agent = data_of(world.super_admin.post(PATH, body), 201)
        path, owner = f"{PATH}/{agent['id']}", agent["owner_user_id"]
        changed = data_of(world.north_admin.request("PATCH", path, {"name": "Archivist", "owner_user_id": owner}))
        assert (changed["name"], changed["owner_user_id"]) == ("Archivist", owner)
        assert data_of(world.north_admin.request("PATCH", path, {"owner_user_id": None}))["owner_user_id"] is None
        assert refused(world.north_admin.request("PATCH", path, {"owner_user_id": owner}), 403) == DENIED

    def test_agent_type_keeps_its_case_and_is_filtered_in_any_case(self, world: World):
        types = ["crawler", "CRAWLER", "Crawler", "MCP_Agent", "a-1"]
        agents = {agent_type: made(world, agent_type=agent_type) for agent_type in types}
        assert [agents[agent_type]["agent_type"] for agent_type in types] == types
        crawlers = {agents[agent_type]["id"] for agent_type in types[:3]}
        for asked in types[:3]:
            rows, _ = page(world.north_admin.get(f"{PATH}?agent_type={asked}"))
            assert {row["id"] for row in rows} == crawlers, asked

    def test_cannot_be_created_in_another_tenant(self, world: World):
        body = {"name": "x", "tenant_id": world.south.handle, "owner_user_id": world.katherine.user.handle}
        assert refused(world.north_admin.post(PATH, body), 403) == DENIED
        assert refused(world.north_admin.post(PATH, body | {"tenant_id": some_id(Prefix.TENANT)}), 403) == DENIED

    def test_list_is_filtered_by_tenant_type_status_and_name(self, world: World):
        one, other = made(world)["id"], made(world, agent_type="crawler", name="Spider")["id"]
        for query, expected in (
            (f"tenant_id={world.north.handle}", {one, other}),
            (f"tenant_id={world.south.handle}", set()),
            (f"partner_id={world.acme.handle}", {one, other}),
            ("agent_type=crawler", {other}),
            ("agent_type=craw", set()),
            ("search=SPID", {other}),
        ):
            rows, _ = page(world.super_admin.get(f"{PATH}?{query}"))
            assert {row["id"] for row in rows} == expected, query

    @cells("scope", [*Scope, "admin:*", "Admin:read"])
    def test_only_a_super_admin_may_grant_admin_scopes(self, scope: str, world: World):
        agent = made(world)
        body = {"name": "x", "tenant_id": world.north.handle, "owner_user_id": world.ada.user.handle}
        before = database_digest()
        for caller in (world.north_admin, world.acme_partner, world.service(*Scope)):
            before = database_digest()
            assert refused(caller.post(PATH, body | {"allowed_scopes": [scope]}), 403) == DENIED
            answer = caller.request("PATCH", f"{PATH}/{agent['id']}", {"allowed_scopes": [scope]})
            assert refused(answer, 403) == DENIED
            assert database_digest() == before

    def test_secret_is_returned_on_creation_only(self, world: World):
        agent = made(world)
        assert bytes(Agent.objects.get(client_id=agent["client_id"]).secret_digest) == digest(agent["client_secret"])
        for path in (PATH, f"{PATH}/{agent['id']}"):
            assert "secret" not in str(world.super_admin.get(path).json())
        assert agent["client_secret"] not in str(list(AuditEntry.objects.values()))

    def test_rotation_replaces_the_secret_and_revokes_tokens(self, world: World):
        agent = made(world, allowed_scopes=["admin:read"])
        token = token_of(world, agent)
        assert token.get(PATH).status_code == 200
        rotated = data_of(world.north_admin.post(f"{PATH}/{agent['id']}/rotate-secret"))
        assert denied(by_form(world, agent["client_id"], agent["client_secret"]), 401) == UNKNOWN_CLIENT
        assert token.get(PATH).status_code == 401
        assert token_of(world, rotated).get(PATH).status_code == 200
        [entry] = AuditEntry.objects.filter(action="agent.secret_rotated")
        assert (entry.tenant_id, entry.partner_id, entry.changes) == (world.north.pk, world.acme.pk, {})


class TestAgentToken:
    def test_names_the_agent_and_its_tenant(self, world: World):
        agent = made(world, allowed_scopes=["openid", "admin:read"])
        body = granted(by_form(world, agent["client_id"], agent["client_secret"]))
        claims = jwt.decode(body["access_token"], options={"verify_signature": False})
        assert (body["expires_in"], body["scope"]) == (3600, "openid admin:read")
        assert {name: claims[name] for name in claims.keys() - {"exp", "iat", "jti", "revision", "iss", "aud"}} == {
            "sub": agent["client_id"],
            "client_id": agent["client_id"],
            "agent_id": agent["id"],
            "tenant_id": world.north.handle,
            "token_type": "client_credentials",
            "scope": "openid admin:read",
        }

    def test_has_the_requested_scopes_only(self, world: World):
        agent = made(world, allowed_scopes=["admin:read", "admin:write"])
        reader = token_of(world, agent, scope="admin:read")
        assert reader.get(PATH).status_code == 200
        assert refused(reader.post(PATH, {}), 403) == NEEDS_SCOPE
        answer = by_form(world, agent["client_id"], agent["client_secret"], scope="admin:read email")
        assert denied(answer, 400)["error"] == "invalid_scope"

    def test_may_read_and_write_as_its_scopes_allow(self, world: World):
        body = {"name": "Wiki", "application_type": "WEB", "scope": "TENANT"}
        for scopes, read, write in (
            ([], 403, 403),
            (["openid"], 403, 403),
            (["admin:read"], 200, 403),
            (["admin:write"], 403, 201),
        ):
            agent = with_scopes(world, *scopes)
            answers = [agent.get(APPLICATIONS), agent.post(APPLICATIONS, body)]
            assert [answer.status_code for answer in answers] == [read, write]
            assert all(answer.json() == NEEDS_SCOPE for answer in answers if answer.status_code == 403)

    def test_is_limited_to_its_tenant(self, world: World):
        agent, ours = with_scopes(world, *Scope), made(world)["id"]
        foreign = {"tenant_id": world.south.handle, "owner_user_id": world.katherine.user.handle}
        theirs = made(world, **foreign)["id"]
        rows, _ = page(agent.get(PATH))
        assert theirs not in {row["id"] for row in rows} >= {ours}
        unknown = agent.get(f"{PATH}/{some_id(Prefix.AGENT)}")
        for answer in (agent.get(f"{PATH}/{theirs}"), agent.delete(f"{PATH}/{theirs}")):
            assert (answer.status_code, answer.json()) == (404, unknown.json())
        assert page(agent.get(f"{PATH}?tenant_id={world.south.handle}"))[0] == []
        assert agent.get(f"/api/v1/tenants/{world.north.handle}/sessions").status_code == 200
        assert agent.get(f"/api/v1/tenants/{world.south.handle}/sessions").status_code == 404
        assert refused(agent.get("/api/v1/admin/partners"), 403) == DENIED
        assert refused(agent.request("PATCH", f"/api/v1/admin/tenants/{world.north.handle}", {"name": "x"}), 403)
        assert agent.delete(f"{PATH}/{ours}").status_code == 204

    def test_cannot_change_agents_with_admin_scopes(self, world: World):
        agent, other = made(world, allowed_scopes=["admin:write"]), made(world, allowed_scopes=["admin:read"])
        token = token_of(world, agent)
        for each in (agent, other):
            path = f"{PATH}/{each['id']}"
            for answer in (
                token.request("PATCH", path, {"allowed_scopes": ["admin:read", "admin:write"]}),
                token.delete(path),
                token.post(f"{path}/rotate-secret"),
            ):
                assert refused(answer, 403) == DENIED

    def test_cannot_create_or_promote_admins(self, world: World):
        body = {"email": "new@north.example", "role": "tenant_admin"}
        agent = with_scopes(world, "admin:write")
        assert refused(agent.post("/api/v1/admin/users", body), 403) == DENIED
        assert data_of(agent.post("/api/v1/admin/users", body | {"role": "user"}), 201)
        admin = f"/api/v1/admin/users/{world.north_admin.user.handle}/reset-password"
        assert refused(agent.post(admin, {"delivery": "code"}), 403) == DENIED

    @cells(("method", "path"), PERSONAL)
    def test_is_refused_on_personal_endpoints(self, method: str, path: str, world: World):
        answer = with_scopes(world, *Scope).request(method, path)
        assert (answer.status_code, answer.json()) == (403, NEEDS_USER)

    def test_with_forged_claims_is_refused(self, world: World):
        one, other = made(world, allowed_scopes=["admin:read"]), made(world, allowed_scopes=["admin:read"])
        token = token_of(world, one)
        for lie in (
            {"sub": other["client_id"]},
            {"agent_id": other["id"]},
            {"agent_id": world.ada.user.handle},
            {"agent_id": None},
            {"revision": None},
            {"revision": -1},
            {"scope": None},
            {"platform_token": True},
        ):
            assert with_claims(token, **lie).get(PATH).status_code == 401, lie
        assert with_claims(token, scope="admin:read admin:write").post(PATH, {}).status_code == 403

    def test_requests_are_recorded_with_the_agent_as_actor(self, world: World):
        agent = made(world, allowed_scopes=["admin:write"])
        token = token_of(world, agent)
        [entry] = AuditEntry.objects.filter(action="authentication.client")
        assert (entry.actor_type, entry.actor_id, entry.resource_id) == ("agent", agent["client_id"], agent["id"])
        assert (entry.tenant_id, entry.partner_id) == (world.north.pk, world.acme.pk)
        data_of(token.post(APPLICATIONS, {"name": "Wiki", "application_type": "SPA", "scope": "TENANT"}), 201)
        entry = AuditEntry.objects.latest("pk")
        assert (entry.action, entry.actor_type, entry.actor_id, entry.actor_tier) == (
            "application.created",
            "agent",
            agent["client_id"],
            "tenant",
        )
        assert (entry.tenant_id, entry.partner_id) == (world.north.pk, world.acme.pk)

    def test_suspension_revokes_it_for_good(self, world: World):
        agent = made(world, allowed_scopes=["admin:read"])
        token = token_of(world, agent)
        for status in ("SUSPENDED", "ACTIVE"):
            data_of(world.north_admin.request("PATCH", f"{PATH}/{agent['id']}", {"status": status}))
            assert token.get(PATH).status_code == 401
        assert token_of(world, agent).get(PATH).status_code == 200

    @cells("reach", [RevocationScope.PLATFORM, RevocationScope.PARTNER, RevocationScope.TENANT])
    def test_revocation_of_its_tenant_partner_or_platform_revokes_it(self, reach: RevocationScope, world: World):
        target = {RevocationScope.PARTNER: world.acme.pk, RevocationScope.TENANT: world.north.pk}.get(reach)
        agent = made(world, allowed_scopes=["admin:read"])
        token = token_of(world, agent)
        sessions.revoke_scope(reach, target, actor=SYSTEM, reason="test")
        assert token.get(PATH).status_code == 401
        assert token_of(world, agent).get(PATH).status_code == 200


class TestAgentRateLimit:
    def test_requests_over_the_limit_get_429_with_retry_after(self, world: World):
        agent = with_scopes(world, "admin:read", rate_limit_rpm=3)
        answers = [agent.get(PATH), agent.get("/api/v1/me"), agent.post(PATH, {}), agent.get(PATH), agent.get(PATH)]
        assert [answer.status_code for answer in answers] == [200, 403, 403, 429, 429]
        assert answers[-1].json() == {
            "detail": "Too many requests of this kind; wait as many seconds as Retry-After says"
        }
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60
        assert AgentMinute.objects.get().requests == 3

    def test_limit_resets_with_the_next_minute(self, world: World):
        agent = with_scopes(world, "admin:read", rate_limit_rpm=1)
        assert [agent.get(PATH).status_code for _ in range(2)] == [200, 429]
        AgentMinute.objects.update(began_at=F("began_at") - timedelta(minutes=1))
        assert [agent.get(PATH).status_code for _ in range(2)] == [200, 429]

    def test_limit_is_per_agent_and_optional(self, world: World):
        one, other = (with_scopes(world, "admin:read", rate_limit_rpm=1) for _ in range(2))
        free = with_scopes(world, "admin:read")
        statuses = [each.get(PATH).status_code for each in (one, other, one, free, free, free)]
        assert statuses == [200, 200, 429, 200, 200, 200]

    def test_refused_tokens_are_not_counted(self, world: World):
        agent = made(world, allowed_scopes=["admin:read"], rate_limit_rpm=1)
        token = token_of(world, agent)
        Agent.objects.update(status="SUSPENDED")
        assert {token.get(PATH).status_code for _ in range(3)} == {401}
        assert not AgentMinute.objects.exists()
