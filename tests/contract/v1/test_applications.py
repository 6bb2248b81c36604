"""/admin/applications: scope of ownership, allowed scopes, secrets, and the end of an application."""

from typing import Any

from accounts.models import Application
from audit.models import AuditEntry
from core.access import Scope
from core.crypto import digest
from core.ids import Prefix
from sessions_app.models import Session
from tenancy.models import Partner
from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.contract.v1.answers import data_of, flaws, page, refused
from tests.contract.v1.test_platform_tokens import UNKNOWN_CLIENT, by_form, denied, granted
from tests.world import Caller, World, some_id

PATH = "/api/v1/admin/applications"
DENIED = {"detail": "Access denied"}


def body(**more: Any) -> dict[str, Any]:
    return {"name": "Wiki", "application_type": "WEB", "scope": "TENANT"} | more


def made(caller: Caller, **more: Any) -> dict[str, Any]:
    return data_of(caller.post(PATH, body(**more)), 201)


def patch(caller: Caller, application: dict[str, Any], **changes: Any) -> Any:
    return caller.request("PATCH", f"{PATH}/{application['id']}", changes)


class TestApplicationScope:
    def test_defaults_to_the_admins_tenant_or_partner(self, world: World):
        assert made(world.north_admin)["tenant_id"] == world.north.handle
        partners = made(world.acme_partner, scope="PARTNER")
        assert (partners["partner_id"], partners["tenant_id"]) == (world.acme.handle, None)

    def test_tenant_or_partner_is_required_of_admins_of_several(self, world: World):
        for caller, scope, missing in (
            (world.super_admin, "TENANT", "tenant_id"),
            (world.acme_partner, "TENANT", "tenant_id"),
            (world.super_admin, "PARTNER", "partner_id"),
        ):
            assert flaws(caller.post(PATH, body(scope=scope))) == [(["body", missing], "Field required", "missing")]

    @cells(
        ("scope", "name"),
        [("GLOBAL", "tenant_id"), ("GLOBAL", "partner_id"), ("PARTNER", "tenant_id"), ("TENANT", "partner_id")],
    )
    def test_owner_that_contradicts_the_scope_is_refused(self, scope: str, name: str, world: World):
        place = {"tenant_id": world.north.handle, "partner_id": world.acme.handle}
        ((where, _, _),) = flaws(world.super_admin.post(PATH, body(scope=scope, **{name: place[name]})))
        assert where == ["body", name]

    @cells("who", ["north_admin", "acme_partner"])
    def test_global_application_may_be_created_by_super_admins_only(self, who: str, world: World):
        assert refused(getattr(world, who).post(PATH, body(scope="GLOBAL")), 403) == DENIED
        assert made(world.super_admin, scope="GLOBAL")["tenant_id"] is None

    def test_foreign_and_unknown_owners_are_refused_alike(self, world: World):
        for caller, more in (
            (world.north_admin, {"tenant_id": world.south.handle}),
            (world.north_admin, {"tenant_id": some_id(Prefix.TENANT)}),
            (world.north_admin, {"scope": "PARTNER", "partner_id": world.acme.handle}),
            (world.acme_partner, {"tenant_id": world.springfield.handle}),
            (world.acme_partner, {"scope": "PARTNER", "partner_id": world.globex.handle}),
            (world.acme_partner, {"scope": "PARTNER", "partner_id": some_id(Prefix.PARTNER)}),
            (world.super_admin, {"tenant_id": some_id(Prefix.TENANT)}),
            (world.super_admin, {"tenant_id": "x"}),
            (world.super_admin, {"scope": "PARTNER", "partner_id": some_id(Prefix.PARTNER)}),
        ):
            before = database_digest()
            assert refused(caller.post(PATH, body(**more)), 403) == DENIED
            assert database_digest() == before

    def test_shared_applications_are_visible_but_only_own_are_editable(self, world: World):
        everybodys = made(world.super_admin, scope="GLOBAL", allowed_scopes=["openid"])
        partners = made(world.acme_partner, scope="PARTNER")
        tenants = made(world.north_admin)
        for caller, theirs, offered in (
            (world.north_admin, [tenants], [everybodys, partners]),
            (world.acme_partner, [tenants, partners], [everybodys]),
            (world.super_admin, [tenants, partners, everybodys], []),
        ):
            for application in offered:
                assert data_of(caller.get(f"{PATH}/{application['id']}"))["allowed_scopes"] is not None
                assert refused(patch(caller, application, name="Ours"), 403) == DENIED
                assert refused(caller.delete(f"{PATH}/{application['id']}"), 403) == DENIED
                assert refused(caller.post(f"{PATH}/{application['id']}/rotate-secret"), 403) == DENIED
            for application in theirs:
                assert data_of(patch(caller, application, name="Ours"))["name"] == "Ours"

    def test_list_is_filtered_by_scope_owner_and_type(self, world: World):
        of = {
            "tenant": made(world.north_admin)["id"],
            "sister": made(world.super_admin, tenant_id=world.south.handle)["id"],
            "partner": made(world.acme_partner, scope="PARTNER", application_type="SPA")["id"],
            "all": made(world.super_admin, scope="GLOBAL")["id"],
        }
        for query, expected in (
            (f"tenant_id={world.north.handle}", {"tenant"}),
            (f"partner_id={world.acme.handle}", {"tenant", "sister", "partner"}),
            (f"partner_id={world.globex.handle}", set()),
            ("scope=GLOBAL", {"all"}),
            ("application_type=SPA", {"partner"}),
            ("search=wik", set(of)),
        ):
            rows, _ = page(world.super_admin.get(f"{PATH}?{query}&per_page=100"))
            assert {row["id"] for row in rows} == {of[name] for name in expected}, query

    def test_is_deleted_with_its_tenant_or_partner(self, world: World):
        tenants, partners = made(world.north_admin), made(world.acme_partner, scope="PARTNER")
        assert world.super_admin.delete(f"/api/v1/admin/tenants/{world.north.handle}").status_code == 204
        assert world.super_admin.get(f"{PATH}/{tenants['id']}").status_code == 404
        Partner.objects.filter(pk=world.acme.pk).update(deleted_at="2026-01-01T00:00Z")
        assert world.super_admin.get(f"{PATH}/{partners['id']}").status_code == 404


class TestApplicationAllowedScopes:
    @cells("scope", [*Scope, "admin:*", "ADMIN:READ", "admin:"])
    def test_only_a_super_admin_may_grant_admin_scopes(self, scope: str, world: World):
        application = made(world.super_admin, tenant_id=world.north.handle)
        for caller in (world.north_admin, world.acme_partner, world.service(*Scope)):
            more = {"tenant_id": world.north.handle, "allowed_scopes": ["openid", scope]}
            before = database_digest()
            assert refused(caller.post(PATH, body(**more)), 403) == DENIED
            assert refused(patch(caller, application, allowed_scopes=[scope]), 403) == DENIED
            assert database_digest() == before
        assert data_of(patch(world.super_admin, application, allowed_scopes=[scope]))["allowed_scopes"] == [scope]

    def test_granted_admin_scopes_may_be_kept_or_removed_by_others(self, world: World):
        application = made(world.super_admin, tenant_id=world.north.handle, allowed_scopes=["admin:read", "openid"])
        kept = data_of(patch(world.north_admin, application, allowed_scopes=["admin:read", "email"]))
        assert kept["allowed_scopes"] == ["admin:read", "email"]
        assert data_of(patch(world.north_admin, application, allowed_scopes=[]))["allowed_scopes"] == []
        assert refused(patch(world.north_admin, application, allowed_scopes=["admin:read"]), 403) == DENIED


class TestServiceToken:
    """A service cannot widen its own rights."""

    def test_cannot_change_global_applications(self, world: World):
        service = world.service(*Scope)
        world.make_service("other", [])
        for application in Application.objects.filter(scope="GLOBAL"):
            path = f"{PATH}/{application.handle}"
            before = database_digest()
            for method, where in (("PATCH", path), ("DELETE", path), ("POST", f"{path}/rotate-secret")):
                answer = service.request(method, where, {"name": "x"} if method == "PATCH" else None)
                assert refused(answer, 403) == DENIED
            assert database_digest() == before

    def test_cannot_take_over_applications_with_admin_scopes(self, world: World):
        powerful = made(world.super_admin, tenant_id=world.north.handle, allowed_scopes=["admin:write"])
        harmless = made(world.super_admin, tenant_id=world.north.handle)
        service = world.service(Scope.ADMIN_WRITE)
        assert refused(service.post(f"{PATH}/{powerful['id']}/rotate-secret"), 403) == DENIED
        assert data_of(service.post(f"{PATH}/{harmless['id']}/rotate-secret"))["client_secret"]

    def test_cannot_create_global_applications(self, world: World):
        assert refused(world.service(*Scope).post(PATH, body(scope="GLOBAL")), 403) == DENIED


class TestClientSecret:
    @cells("kind", ["WEB", "SERVICE"])
    def test_is_returned_on_creation_only(self, kind: str, world: World):
        application = made(world.north_admin, application_type=kind)
        secret = application["client_secret"]
        path = f"{PATH}/{application['id']}"
        told = [
            world.north_admin.get(path),
            world.north_admin.get(PATH),
            patch(world.north_admin, application, name="B"),
        ]
        assert not [answer for answer in told if secret in answer.content.decode() or "secret" in str(answer.json())]
        assert bytes(Application.objects.get(client_id=application["client_id"]).secret_digest) == digest(secret)
        assert len(secret) >= 43
        assert secret not in str(list(AuditEntry.objects.values()))

    @cells("kind", ["SPA", "NATIVE"])
    def test_public_client_types_have_none(self, kind: str, world: World):
        application = made(world.north_admin, application_type=kind)
        assert "client_secret" not in application
        assert Application.objects.get(client_id=application["client_id"]).secret_digest is None
        assert refused(world.north_admin.post(f"{PATH}/{application['id']}/rotate-secret"), 409)

    def test_client_id_is_generated(self, world: World):
        ids = {made(world.north_admin)["client_id"] for _ in range(5)}
        assert len(ids) == 5
        assert all(each.startswith("client-") for each in ids)
        assert flaws(world.north_admin.post(PATH, body(client_id="usr_1")))

    def test_rotation_replaces_the_secret_and_revokes_tokens(self, world: World):
        service = world.make_service("billing", list(Scope))
        token = Caller(granted(by_form(world))["access_token"])
        assert token.get(PATH).status_code == 200
        answer = world.super_admin.post(f"{PATH}/{service.handle}/rotate-secret")
        secret = data_of(answer)["client_secret"]
        assert answer["ETag"]
        assert denied(by_form(world), 401) == UNKNOWN_CLIENT
        assert token.get(PATH).status_code == 401
        assert Caller(granted(by_form(world, client_secret=secret))["access_token"]).get(PATH).status_code == 200
        [entry] = AuditEntry.objects.filter(action="application.secret_rotated")
        assert (entry.resource_id, entry.changes) == (service.handle, {})

    def test_rotation_keeps_users_sessions(self, world: World):
        application = made(world.north_admin)
        Session.objects.filter(pk=world.ada.session.pk).update(application=Application.objects.latest("pk"))
        data_of(world.north_admin.post(f"{PATH}/{application['id']}/rotate-secret"))
        assert world.ada.get("/api/v1/me").status_code == 200

    def test_rotation_honours_if_match(self, world: World):
        path = f"{PATH}/{made(world.north_admin)['id']}"
        version = world.north_admin.get(path)["ETag"]
        rotated = world.north_admin.post(f"{path}/rotate-secret", headers={"If-Match": version})
        assert data_of(rotated)["client_secret"]
        assert rotated["ETag"] != version
        stale = world.north_admin.post(f"{path}/rotate-secret", headers={"If-Match": version})
        assert refused(stale, 412) == {"detail": "It has changed since you read it; get it again and retry"}

    def test_repeated_rotation_with_one_idempotency_key_rotates_once(self, world: World):
        path = f"{PATH}/{made(world.north_admin)['id']}/rotate-secret"
        first, again, other = (
            world.north_admin.post(path, headers={"Idempotency-Key": key}).json()["data"]["client_secret"]
            for key in ("once", "once", "another")
        )
        assert first == again != other


class TestApplicationEnd:
    def test_suspension_and_deletion_revoke_its_sessions(self, world: World):
        for end in (lambda each: patch(world.north_admin, each, status="SUSPENDED"),
                    lambda each: world.north_admin.delete(f"{PATH}/{each['id']}")):  # fmt: skip
            application, caller = made(world.north_admin), world.signed_in(world.ada.user)
            Session.objects.filter(pk=caller.session.pk).update(application=Application.objects.latest("pk"))
            assert caller.get("/api/v1/me").status_code == 200
            assert end(application)["Sessions-Ended"] == "1"
            assert caller.get("/api/v1/me").status_code == 401
        assert world.alan.get("/api/v1/me").status_code == 200


def test_creation_over_the_partners_limit_is_409(world: World):
    Partner.objects.filter(pk=world.acme.pk).update(max_applications_per_tenant=2)
    for _ in range(2):
        last = made(world.north_admin)
    said = refused(world.north_admin.post(PATH, body()), 409)
    assert said == {"detail": "max_applications_per_tenant is 2, and 2 are in use"}
    made(world.super_admin, tenant_id=world.south.handle)
    assert world.north_admin.delete(f"{PATH}/{last['id']}").status_code == 204
    made(world.north_admin)


def test_token_lifetime_sets_the_tokens_expires_in(world: World):
    service = world.make_service("billing", [])
    path = f"{PATH}/{service.handle}"
    data_of(world.super_admin.request("PATCH", path, {"token_lifetime": 60}))
    assert granted(by_form(world))["expires_in"] == 60
