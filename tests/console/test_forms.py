"""Create, edit and delete forms of the console: the same input, permissions and effects as in the API."""

import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest

from accounts.models import Agent, Application, Group, IdentityProvider, Role, User
from accounts.operations import add_member
from audit.models import AuditEntry
from core.ids import Prefix
from core.models import Status
from sessions_app.models import SessionState
from tenancy.models import Partner, Tenant
from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.console.browser import Browser
from tests.console.test_actions import do
from tests.resources import KINDS, Kind, agent_of, group_of
from tests.samples import sampled
from tests.world import SYSTEM, World, some_id
from web.console.forms.definitions import FORMS

SLUGS = {
    Partner: "partners",
    Tenant: "tenants",
    User: "users",
    Group: "groups",
    Application: "applications",
    IdentityProvider: "identity-providers",
    Agent: "agents",
}
PLATFORMS = (Partner, Tenant)  # which its own people alone make and change
each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
TIERS = ("north_admin", "acme_partner", "super_admin")
REFUSED = [(who, model) for who in TIERS[:2] for model in PLATFORMS]
WHOEVER_MAY = [(kind, who) for kind in KINDS for who in TIERS if (who, kind.model) not in REFUSED]
by_whoever_may = pytest.mark.parametrize(("kind", "who"), WHOEVER_MAY, ids=str)


def by_some_who_may(what: str) -> pytest.MarkDecorator:
    """For each kind by one of those who may, another one in another test."""
    pairs = [
        pair for kind in KINDS for pair in sampled([each for each in WHOEVER_MAY if each[0] is kind], f"{kind} {what}")
    ]
    return pytest.mark.parametrize(
        ("kind", "who"), [pytest.param(*pair, marks=pytest.mark.sampled) for pair in pairs], ids=str
    )


def list_of(kind: Kind) -> str:
    return f"/console/{SLUGS[kind.model]}/"


def page_of(kind: Kind, world: World) -> tuple[str, Any]:
    thing = kind.of(world.ada.user, world)
    return f"{list_of(kind)}{thing.handle}/", thing


def typed(body: Mapping[str, Any], inside: str = "") -> dict[str, str]:
    """A body of the API's, as somebody types it."""
    form: dict[str, str] = {}
    for name, value in body.items():
        match value:
            case dict() if name == "config":
                form |= typed(value, f"{name}.")
            case dict():
                form[f"{inside}{name}"] = json.dumps(value)
            case list():
                form[f"{inside}{name}"] = "\r\n".join(value)
            case bool():
                form |= {f"{inside}{name}": "on"} if value else {}
            case _:
                form[f"{inside}{name}"] = "" if value is None else str(value)
    return form


def filled(browser: Browser) -> dict[str, str]:
    """The form as it is shown, every field of it."""
    form = {}
    within = browser.html.partition('class="console-form')[2].partition("</form>")[0]
    for tag in re.findall(r"<input [^>]*>", within):
        said = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if said.get("type") != "checkbox" or " checked" in tag:
            form[said["name"]] = "on" if said.get("type") == "checkbox" else said.get("value", "")
    for name, value in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', within, re.DOTALL):
        form[name] = unescape(value)
    for name, options in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', within, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        form[name] = unescape(chosen[1]) if chosen else ""
    form.pop("csrfmiddlewaretoken")
    return form


def fill(browser: Browser, place: str, **said: str) -> str:
    """Opens the form, types, and sends it with everything else as it was shown."""
    browser.open(place)
    assert browser.status == 200, browser.text
    return browser.send(place, **{**filled(browser), **said})


def place_to_make(kind: Kind) -> str:
    return f"{list_of(kind)}new/" + ("?provider_type=OIDC" if kind.model is IdentityProvider else "")


def test_every_kind_of_resource_has_forms():
    assert set(FORMS) == set(SLUGS) == {kind.model for kind in KINDS}


class TestCreateForm:
    @by_whoever_may
    def test_creates_what_the_api_creates(self, kind: Kind, who: str, world: World):
        caller = getattr(world, who)
        assert world.super_admin.session
        body = kind.new(world.ada.user, world)
        known = set(kind.model.objects.values_list("pk", flat=True))
        before = AuditEntry.objects.count()
        browser = Browser(caller)
        assert "console-button main" in browser.open(list_of(kind)) + browser.html
        fill(browser, place_to_make(kind), **typed(body))
        assert browser.status == 200, browser.text
        [made] = kind.model.objects.exclude(pk__in=known)
        shown = world.super_admin.get(f"{kind.path}/{made.handle}").json()["data"]
        assert {name: shown[name] for name in body} == body
        [entry] = AuditEntry.objects.order_by("pk")[before:]
        assert (entry.resource_id, entry.result, entry.actor_id) == (made.handle, "success", caller.user.handle)
        assert entry.action.endswith(".created")

    @by_some_who_may("missing")
    def test_invalid_field_is_explained_and_the_input_kept(self, kind: Kind, who: str, world: World):
        browser = Browser(getattr(world, who))
        form = typed(kind.new(world.ada.user, world)) | {"name": "", "email": "nonsense"}
        browser.open(place_to_make(kind))
        shown = filled(browser)
        form = shown | {name: value for name, value in form.items() if name in shown}
        before = database_digest()
        browser.send(place_to_make(kind), **form)
        assert browser.status == 422
        assert database_digest() == before
        name = "email" if kind.model is User else "name"
        assert f'id="w-{name}"' in browser.html
        assert re.search(rf'name="{name}"[^>]*aria-invalid="true" aria-describedby="[^"]*w-{name}"', browser.html)
        kept = filled(browser)
        assert {each: kept[each] for each in form if each in kept and each not in OURS} == {
            each: value.replace("\r\n", "\n") for each, value in form.items() if each not in OURS
        }


OURS = {"key", "seen", "version"}


@cells(("who", "model"), REFUSED, ids=lambda value: getattr(value, "__name__", value))
class TestPlatformOnlyForms:
    def test_other_admins_cannot_create(self, who: str, model: type, world: World):
        kind = next(kind for kind in KINDS if kind.model is model)
        browser = Browser(getattr(world, who))
        body = typed(kind.new(world.ada.user, world))
        browser.open("/console/")
        assert "New " not in Browser(getattr(world, who)).open(list_of(kind))
        before = database_digest()
        browser.send(place_to_make(kind), **body)
        assert browser.status == 403
        assert database_digest() == before
        assert AuditEntry.objects.order_by("-pk").first().action == "access.denied"

    @cells("act", ["edit", "remove"])
    def test_other_admins_cannot_edit_or_delete(self, act: str, who: str, model: type, world: World):
        kind = next(kind for kind in KINDS if kind.model is model)
        page, thing = (f"{list_of(kind)}{world.acme.handle}/", world.acme) if model is Partner else page_of(kind, world)
        browser = Browser(getattr(world, who))
        if model is Tenant:
            browser.open(page)
            assert f"/{act}/" not in browser.html
        browser.open("/console/")
        before = database_digest()
        browser.send(f"{page}{act}/", version=thing.version, name="Mine now")
        assert browser.status == (404 if model is Partner else 403)
        assert database_digest() == before


class TestEditForm:
    @by_whoever_may
    def test_changes_what_the_api_changes(self, kind: Kind, who: str, world: World):
        page, thing = page_of(kind, world)
        caller = getattr(world, who)
        browser = Browser(caller)
        changes = {name: value for name, value in kind.changes.items() if name != "status"}
        if "admin:write" in changes.get("allowed_scopes", []) or "admin:read" in changes.get("allowed_scopes", []):
            changes["allowed_scopes"] = ["openid"]  # an operator's to give
        if who == "north_admin":
            changes.pop("role", None)  # the same as their own, which those above give
        assert world.super_admin.session
        browser.open(page)
        assert f"{page}edit/" in browser.html
        before = AuditEntry.objects.count()
        text = fill(browser, f"{page}edit/", **typed(changes))
        if "1 session" in text and "Save and revoke" in text:
            browser.send(f"{page}edit/", **filled(browser))
        assert (browser.status, browser.at) == (200, page), browser.text
        shown = world.super_admin.get(f"{kind.path}/{thing.handle}").json()["data"]
        assert {name: shown[name] for name in changes} == changes
        [entry] = AuditEntry.objects.order_by("pk")[before:]
        assert (entry.resource_id, entry.actor_id) == (thing.handle, caller.user.handle)
        assert entry.changes["name" if kind.model is not User else "display_name"][1] in changes.values()

    @by_some_who_may("nothing")
    def test_unchanged_form_writes_nothing(self, kind: Kind, who: str, world: World):
        page, _ = page_of(kind, world)
        browser = Browser(getattr(world, who))
        browser.open(page)
        before = database_digest()
        fill(browser, f"{page}edit/")
        assert (browser.status, browser.at) == (200, page)
        assert database_digest() == before

    @by_some_who_may("meanwhile")
    def test_concurrent_change_is_not_overwritten(self, kind: Kind, who: str, world: World):
        page, thing = page_of(kind, world)
        mine, theirs = ("first_name", "display_name") if kind.model is User else ("name", "name")
        browser = Browser(getattr(world, who))
        browser.open(f"{page}edit/")
        form = filled(browser)
        assert world.super_admin.request("PATCH", f"{kind.path}/{thing.handle}", {theirs: "Theirs"}).status_code == 200
        text = browser.send(f"{page}edit/", **{**form, mine: "Mine"})
        assert browser.status == 412
        assert "changed since you read it" in text
        again = filled(browser)
        assert again[mine] == "Mine"
        if mine == theirs:
            assert "The current value is: Theirs" in text
        else:
            assert again[theirs] == "Theirs"
        browser.send(f"{page}edit/", **again)
        assert browser.at == page
        shown = world.super_admin.get(f"{kind.path}/{thing.handle}").json()["data"]
        assert shown[mine] == "Mine"
        assert shown[theirs] in ("Mine", "Theirs")


ODD = ("\0", "{", "[1]", "-1e9999", "9" * 50, "\u202e\r\n<script>alert(1)</script>", "x" * 20_000)


@each_kind
class TestFormProtection:
    @pytest.mark.parametrize("who", ["springfield_admin", "globex_partner"])
    @pytest.mark.parametrize("act", ["edit", "remove"])
    def test_object_out_of_scope_is_404(self, kind: Kind, act: str, who: str, world: World):
        page, thing = page_of(kind, world)
        browser = Browser(getattr(world, who))
        browser.open("/console/")
        before = database_digest()
        browser.send(f"{page}{act}/", version=thing.version, name="Mine now", at_most="9")
        assert browser.status == 404
        assert database_digest() == before

    @pytest.mark.parametrize("act", ["edit", "remove", "new"])
    def test_needs_a_csrf_token_and_the_same_site(self, kind: Kind, act: str, world: World):
        page, thing = page_of(kind, world)
        place = f"{list_of(kind)}new/" if act == "new" else f"{page}{act}/"
        browser = Browser(world.super_admin)
        form = {"version": thing.version, **typed(kind.new(world.ada.user, world))}
        browser.open("/console/")
        before = database_digest()
        assert browser.http.post(place, form).status_code == 403
        form["csrfmiddlewaretoken"] = browser.token
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert browser.http.post(place, form, headers=headers).status_code == 403
        assert database_digest() == before

    @pytest.mark.sampled
    def test_undeclared_field_is_refused(self, kind: Kind, world: World):
        page, _ = page_of(kind, world)
        browser = Browser(world.super_admin)
        browser.open(f"{page}edit/")
        form = filled(browser)
        columns = {column.attname for column in kind.model._meta.concrete_fields}
        columns -= {*form, *FORMS[kind.model][1].serializer_class().fields}
        assert columns >= {"id", "created_at", "min_revision", "deleted_at"}
        before = database_digest()
        for name in sampled(sorted({*columns, "is_staff", "is_superuser", "tenant.id", "tenantId"}), kind):
            assert "Unknown field" in browser.send(f"{page}edit/", **form, **{name: "1"})
            assert browser.status == 422
        assert database_digest() == before

    def test_status_cannot_be_changed_by_the_edit_form(self, kind: Kind, world: World):
        """Suspending is an action of its own, which shows first what it revokes."""
        page, _ = page_of(kind, world)
        browser = Browser(world.super_admin)
        browser.open(f"{page}edit/")
        assert 'name="status"' not in browser.html
        before = database_digest()
        text = browser.send(f"{page}edit/", **filled(browser), status="SUSPENDED")
        assert ("Unknown field" if kind.model is Group else "Status cannot be changed here") in text
        assert browser.status == 422
        assert database_digest() == before

    @pytest.mark.sampled
    def test_invalid_text_in_any_field_never_causes_a_500(self, kind: Kind, world: World):
        """Nonsense in a field is either refused or stored unchanged."""
        page, _ = page_of(kind, world)
        browser = Browser(world.super_admin)
        browser.open(f"{page}edit/")
        shown = filled(browser)
        for name in shown.keys() - OURS:
            for odd in sampled(ODD, f"{kind} {name}", share=len(ODD)):
                browser.send(f"{page}edit/", **{**shown, name: odd, "version": "0", "at_most": "9"})
                assert browser.status in (403, 409, 412, 422), (name, odd, browser.status)
                assert "<script>alert" not in browser.html


@pytest.mark.sampled
@each_kind
def test_invalid_text_in_a_create_form_never_causes_a_500(kind: Kind, world: World):
    browser = Browser(world.super_admin)
    browser.open(place_to_make(kind))
    shown = filled(browser)
    for name in shown.keys() - OURS | {"seen", "tenant_id.pick", "config"}:
        for odd in sampled(ODD[::2], f"{kind} {name}"):
            body = typed(kind.new(world.ada.user, world))
            browser.send(place_to_make(kind), **{**shown, **body, "key": f"{name}{odd}"[:60], name: odd})
            assert browser.status in (200, 403, 409, 422), (name, odd, browser.status)
            assert "<script>alert" not in browser.html


@by_whoever_may
def test_object_is_deleted_by_every_role_that_may(kind: Kind, who: str, world: World):
    page, thing = page_of(kind, world)
    browser = Browser(getattr(world, who))
    assert "Delete…" in browser.open(page)
    before = AuditEntry.objects.count()
    assert "Deleted." in do(browser, page, "remove")
    assert browser.at == list_of(kind)
    browser.open(page)
    assert browser.status == 404
    [entry] = AuditEntry.objects.order_by("pk")[before:]
    assert (entry.action.rpartition(".")[2], entry.resource_id) == ("deleted", thing.handle)


class TestDeletePage:
    def test_shows_the_number_of_sessions_first(self, world: World):
        assert world.ada.session
        assert world.alan.session
        browser = Browser(world.super_admin)
        page = f"/console/tenants/{world.north.handle}/"
        assert "2 sessions" in browser.open(f"{page}remove/")
        assert "2 sessions revoked" in do(browser, page, "remove")
        assert not SessionState.objects.live().filter(tenant=world.north).exists()

    def test_partner_with_tenants_names_them(self, world: World):
        browser = Browser(world.super_admin)
        page = f"/console/partners/{world.acme.handle}/"
        text = browser.open(f"{page}remove/")
        assert "still has tenants; delete or move them first: north, south" in text
        browser.send(f"{page}remove/", version=world.acme.version)
        assert browser.status == 409
        assert Partner.objects.not_deleted().filter(pk=world.acme.pk).exists()
        assert AuditEntry.objects.order_by("-pk").first().action == "act.refused"

    def test_last_active_super_admin_cannot_be_deleted(self, world: World):
        assert world.super_admin.session
        User.objects.filter(role="super_admin").exclude(pk=world.super_admin.user.pk).update(status=Status.SUSPENDED)
        browser = Browser(world.super_admin)
        assert "last active super admin" in do(browser, f"/console/users/{world.super_admin.user.handle}/", "remove")
        assert browser.status == 409


class TestLookupField:
    @cells("forged", ["foreign", "nobody's"])
    @cells(
        ("who", "model"),
        [("north_admin", Group), ("north_admin", User), ("acme_partner", Application), ("acme_partner", Agent)],
        ids=lambda value: getattr(value, "__name__", value),
    )
    def test_id_out_of_scope_is_refused(self, forged: str, who: str, model: type, world: World):
        kind = next(kind for kind in KINDS if kind.model is model)
        handle = world.springfield.handle if forged == "foreign" else some_id(Prefix.TENANT)
        browser = Browser(getattr(world, who))
        form = typed(kind.new(world.ada.user, world)) | {"tenant_id": handle}
        browser.open(place_to_make(kind))
        shown = filled(browser)
        before = database_digest()
        text = browser.send(place_to_make(kind), **{**shown, **form})
        assert browser.status == 403
        assert "Nothing was changed" in text
        assert database_digest() == before
        assert AuditEntry.objects.order_by("-pk").first().action == "access.denied"

    def test_object_is_found_by_name_or_slug(self, world: World):
        browser = Browser(world.acme_partner)
        fill(browser, "/console/groups/new/", name="Found by slug", tenant_id="south")
        assert Group.objects.get(name="Found by slug").tenant == world.south

    def test_suggestions_are_limited_to_the_admins_scope(self, world: World):
        assert world.lisa.session
        browser = Browser(world.acme_partner)
        browser.open("/console/groups/new/")
        assert 'value="north"' in browser.html
        assert "springfield" not in browser.html
        text = fill(browser, "/console/groups/new/", name="Nowhere", tenant_id="springfield")
        assert "No tenant “springfield” found." in text
        assert browser.status == 422

    def test_similar_names_are_offered_as_choices(self, world: World):
        browser = Browser(world.acme_partner)
        text = fill(browser, "/console/groups/new/", name="Picked", tenant_id="ort")
        assert "No tenant “ort” found." in text
        assert "north · north, Acme" in text
        browser.send("/console/groups/new/", **{**filled(browser), "tenant_id.pick": world.north.handle})
        assert Group.objects.get(name="Picked").tenant == world.north

    def test_agents_owner_must_be_a_user_of_its_tenant(self, world: World):
        agent = agent_of(world.ada.user, world)
        browser = Browser(world.acme_partner)
        place = f"/console/agents/{agent.handle}/edit/"
        assert world.katherine.user.email not in browser.open(place) + browser.html
        assert "No user" in fill(browser, place, owner_user_id=world.katherine.user.email)
        fill(browser, place, owner_user_id=world.katherine.user.handle)
        assert browser.status == 403
        fill(browser, place, owner_user_id=world.alan.user.email)
        agent.refresh_from_db()
        assert agent.owner_user == world.alan.user


class TestSharedApplication:
    @cells("act", ["edit", "remove", "rotate-secret"])
    @cells("who", ["north_admin", "acme_partner"])
    def test_is_visible_but_not_editable_below_its_scope(self, who: str, act: str, world: World):
        shared = world.make_service("shared", [])
        page = f"/console/applications/{shared.handle}/"
        browser = Browser(getattr(world, who))
        browser.open(page)
        assert browser.status == 200
        assert f"{page}{act}/" not in browser.html
        browser.open("/console/")
        before = database_digest()
        browser.send(f"{page}{act}/", version=shared.version, name="Mine now")
        assert browser.status == 403
        assert database_digest() == before


def test_field_help_is_worded_for_a_form(world: World):
    text = Browser(world.super_admin).open("/console/agents/new/")
    assert "Requests per minute Leave it empty for no limit." in text
    assert "Leave it out" not in text


class TestTenantMoveForm:
    def test_shows_the_number_of_sessions_first(self, world: World):
        assert world.ada.session
        browser = Browser(world.super_admin)
        place = f"/console/tenants/{world.north.handle}/edit/"
        assert "Save and revoke 1 session" in fill(browser, place, partner_id="globex")
        world.north.refresh_from_db()
        assert world.north.partner == world.acme
        assert "Changes saved. 1 session revoked." in browser.send(place, **filled(browser))
        world.north.refresh_from_db()
        assert world.north.partner == world.globex
        entry = AuditEntry.objects.order_by("-pk").first()
        assert (entry.action, entry.changes["partner_id"]) == (
            "tenant.moved",
            [world.acme.handle, world.globex.handle],
        )


class TestRoleField:
    @cells(
        ("who", "offered"),
        [
            ("north_admin", ["user"]),
            ("acme_partner", ["tenant_admin", "user"]),
            ("super_admin", ["super_admin", "partner_admin", "tenant_admin", "user"]),
        ],
    )
    def test_offers_roles_that_the_admin_may_assign(self, who: str, offered: list[str], world: World):
        browser = Browser(getattr(world, who))
        browser.open("/console/users/new/")
        options = re.search(r'<select id="f-role".*?</select>', browser.html)[0]
        assert re.findall(r'value="(\w+)"', options) == offered

    @cells("role", [Role.TENANT_ADMIN, Role.PARTNER_ADMIN, Role.SUPER_ADMIN])
    def test_higher_role_is_refused(self, role: Role, world: World):
        browser = Browser(world.north_admin)
        fill(browser, "/console/users/new/", email="x@north.example", role=role)
        assert browser.status in (403, 422)
        fill(browser, f"/console/users/{world.ada.user.handle}/edit/", role=role, at_most="9")
        assert browser.status in (403, 422)
        world.ada.user.refresh_from_db()
        assert world.ada.user.role == Role.USER

    def test_is_confirmed_again_when_more_sessions_match(self, world: World):
        assert world.ada.session
        browser = Browser(world.super_admin)
        place = f"/console/users/{world.ada.user.handle}/edit/"
        assert "Save and revoke 1 session" in fill(browser, place, role="tenant_admin")
        world.signed_in(world.ada.user)
        before = database_digest()
        text = browser.send(place, **filled(browser))
        assert (
            "This would now revoke more sessions than you confirmed. Review the new number and confirm again." in text
        )
        assert "Save and revoke 2 sessions" in text
        assert browser.status == 409
        assert database_digest() == before
        assert "Changes saved. 2 sessions revoked." in browser.send(place, **filled(browser))

    def test_shows_the_number_of_sessions_first(self, world: World):
        browser = Browser(world.super_admin)
        place = f"/console/users/{world.ada.user.handle}/edit/"
        assert "Save and revoke 1 session" in fill(browser, place, role="tenant_admin")
        world.ada.user.refresh_from_db()
        assert world.ada.user.role == Role.USER
        assert "Changes saved. 1 session revoked." in browser.send(place, **filled(browser))
        world.ada.user.refresh_from_db()
        assert world.ada.user.role == Role.TENANT_ADMIN
        assert world.ada.get("/api/v1/me").status_code == 401


class TestRepeatedSubmission:
    def test_creates_one_object(self, world: World):
        browser = Browser(world.north_admin)
        browser.open("/console/agents/new/")
        form = {**filled(browser), "name": "Archivist", "owner_user_id": world.ada.user.email}
        browser.send("/console/agents/new/", **form)
        browser.open("/console/agents/new/")
        assert "already created when you first sent this form" in browser.send("/console/agents/new/", **form)
        made = Agent.objects.get(name="Archivist")
        assert browser.at == f"/console/agents/{made.handle}/"

    def test_repeated_form_with_other_values_is_refused(self, world: World):
        browser = Browser(world.north_admin)
        browser.open("/console/groups/new/")
        form = filled(browser)
        browser.send("/console/groups/new/", **{**form, "name": "One"})
        browser.open("/console/groups/new/")
        assert "This form was already sent with different content" in browser.send(
            "/console/groups/new/", **{**form, "name": "Other"}
        )
        assert browser.status == 409
        assert not Group.objects.filter(name="Other").exists()
        browser.send("/console/groups/new/", **filled(browser))
        assert Group.objects.filter(name="Other").exists()

    def test_refused_form_can_be_corrected_and_sent_again(self, world: World):
        browser = Browser(world.north_admin)
        browser.open("/console/groups/new/")
        form = filled(browser)
        browser.send("/console/groups/new/", **form)
        assert browser.status == 422
        browser.send("/console/groups/new/", **{**form, "name": "Made"})
        assert Group.objects.filter(name="Made").count() == 1


SECRET = re.compile(r"<dt>Client secret</dt><dd><code>([\w-]+)</code>")


class TestSecretPage:
    @cells("kind", [each for each in KINDS if each.model in (Application, Agent)], ids=str)
    def test_secret_of_a_created_client_is_shown_once(self, kind: Kind, world: World):
        browser = Browser(world.north_admin)
        browser.open(place_to_make(kind))
        form = {**filled(browser), **typed(kind.new(world.ada.user, world))}
        browser.send(place_to_make(kind), **form)
        self.is_nowhere_else(browser, kind)
        known = kind.model.objects.count()
        browser.open(place_to_make(kind))
        assert "A secret is shown only that once" in browser.send(place_to_make(kind), **form)
        assert kind.model.objects.count() == known

    @cells("kind", [each for each in KINDS if each.model in (Application, Agent)], ids=str)
    def test_rotated_secret_replaces_the_old_one(self, kind: Kind, world: World):
        page, thing = page_of(kind, world)
        before = bytes(thing.secret_digest)
        browser = Browser(world.north_admin)
        do(browser, page, "rotate-secret")
        self.is_nowhere_else(browser, kind)
        thing.refresh_from_db()
        assert bytes(thing.secret_digest) != before
        kept = bytes(thing.secret_digest)
        do(browser, page, "rotate-secret", version="0")
        assert browser.status == 412
        thing.refresh_from_db()
        assert bytes(thing.secret_digest) == kept

    def is_nowhere_else(self, browser: Browser, kind: Kind) -> None:
        found = SECRET.search(browser.html)
        assert found, browser.text
        assert browser.answer["Cache-Control"] == "no-store"
        assert found[1] not in browser.at
        handle = re.search(rf"{list_of(kind)}(\w+)/", browser.html)[1]
        for place in (f"{list_of(kind)}{handle}/", f"{list_of(kind)}{handle}/edit/", list_of(kind), "/console/record/"):
            browser.open(place)
            assert found[1] not in browser.html
        assert not any(found[1] in json.dumps(entry.changes) for entry in AuditEntry.objects.all())

    def test_providers_secret_is_never_shown_and_removed_only_explicitly(self, world: World):
        browser = Browser(world.north_admin)
        form = {"name": "Okta", "config.issuer": "https://login.idp.example/", "config.client_id": "curfew"}
        fill(
            browser, "/console/identity-providers/new/?provider_type=OIDC", **form, **{"config.client_secret": "canary"}
        )
        made = IdentityProvider.objects.get(name="Okta")
        assert made.sealed_secret
        place = f"/console/identity-providers/{made.handle}/edit/"
        browser.open(place)
        assert "canary" not in browser.html
        fill(browser, place, **{"config.client_id": "other"})
        made.refresh_from_db()
        assert (made.config["client_id"], bool(made.sealed_secret)) == ("other", True)
        fill(browser, place, **{"config.client_secret.drop": "on"})
        made.refresh_from_db()
        assert made.sealed_secret is None
        assert "canary" not in json.dumps([entry.changes for entry in AuditEntry.objects.all()])

    def test_public_client_has_no_secret(self, world: World):
        browser = Browser(world.north_admin)
        fill(browser, "/console/applications/new/", name="Pocket", application_type="NATIVE", scope="TENANT")
        made = Application.objects.get(name="Pocket")
        assert browser.at == f"/console/applications/{made.handle}/"
        assert "Rotate client secret" not in browser.text
        assert "No change needed" in browser.open(f"{browser.at}rotate-secret/")
        assert browser.at == f"/console/applications/{made.handle}/"


class TestApiErrors:
    def test_duplicate_name_is_explained_beside_its_field(self, world: World):
        browser = Browser(world.super_admin)
        fill(browser, "/console/partners/new/", name="Acme again", slug="acme")
        assert browser.status == 409
        assert "This slug is taken; choose another" in browser.html.partition('id="w-slug"')[2]
        assert AuditEntry.objects.order_by("-pk").first().action == "act.refused"

    def test_exceeded_limit_is_explained(self, world: World):
        Partner.objects.filter(pk=world.acme.pk).update(max_users_per_tenant=1)
        assert world.ada.session
        browser = Browser(world.north_admin)
        assert "max_users_per_tenant is 1" in fill(browser, "/console/users/new/", email="one@more.example")
        assert browser.status == 409

    def test_admin_scope_granted_by_a_lower_role_is_403(self, world: World):
        browser = Browser(world.north_admin)
        place = f"/console/agents/{agent_of(world.ada.user, world).handle}/edit/"
        text = fill(browser, place, allowed_scopes="admin:write")
        assert browser.status == 403
        assert "Nothing was changed" in text
        assert filled(browser)["allowed_scopes"] == "admin:write"

    def test_invalid_line_of_a_list_is_named_by_its_number(self, world: World):
        browser = Browser(world.north_admin)
        form = {"name": "Wiki", "application_type": "WEB", "scope": "TENANT"}
        uris = "https://wiki.example/a\r\nhttp://wiki.example/b"
        text = fill(browser, "/console/applications/new/", **form, redirect_uris=uris)
        assert "Line 2: This cannot be used" in text
        assert filled(browser)["redirect_uris"] == uris.replace("\r\n", "\n")

    def test_every_invalid_field_is_explained_at_once(self, world: World):
        browser = Browser(world.acme_partner)
        fill(browser, "/console/groups/new/", tenant_id="nowhere at all", name="")
        assert browser.status == 422
        assert "No tenant “nowhere at all” found" in browser.html.partition('id="w-tenant_id"')[2]
        assert "This field is required." in browser.html.partition('id="w-name"')[2].partition("</p>")[0]

    def test_invalid_json_is_explained_and_kept(self, world: World):
        browser = Browser(world.super_admin)
        text = fill(browser, f"/console/tenants/{world.north.handle}/edit/", settings='{"a": 1,}')
        assert "This is not valid JSON" in text
        assert browser.status == 422
        assert filled(browser)["settings"] == '{"a": 1,}'


class TestGroupForms:
    def test_member_is_added_and_removed(self, world: World):
        group = group_of(world.ada.user, world)
        browser = Browser(world.north_admin)
        page = f"/console/groups/{group.handle}/"
        text = fill(browser, f"{page}add-member/", user_id=world.alan.user.email)
        assert world.alan.user.email in text
        assert AuditEntry.objects.order_by("-pk").first().changes == {"user_id": [None, world.alan.user.handle]}
        browser.send(f"{page}take-out/", user_id=world.alan.user.handle)
        assert not group.memberships.filter(user=world.alan.user).exists()
        assert AuditEntry.objects.order_by("-pk").first().changes == {"user_id": [world.alan.user.handle, None]}

    def test_nested_group_is_added_unless_it_forms_a_cycle(self, world: World):
        outer = group_of(world.ada.user, world)
        inner = Group.objects.get(parents__parent=outer)
        browser = Browser(world.north_admin)
        assert "would contain itself" in fill(
            browser, f"/console/groups/{inner.handle}/nest/", child_group_id=outer.handle
        )
        assert browser.status == 409
        browser.open(f"/console/groups/{outer.handle}/")
        assert f'value="{inner.handle}"' in browser.html
        browser.send(f"/console/groups/{outer.handle}/take-out/", child_group_id=inner.handle)
        assert not Group.objects.nested_in(outer.pk).exists()

    @cells("form", ["add-member", "nest"])
    def test_user_or_group_of_another_tenant_is_refused(self, form: str, world: World):
        group, foreign = group_of(world.ada.user, world), group_of(world.lisa.user, world)
        name, handle = (
            ("user_id", world.lisa.user.handle) if form == "add-member" else ("child_group_id", foreign.handle)
        )
        browser = Browser(world.super_admin)
        browser.open(f"/console/groups/{group.handle}/{form}/")
        before = database_digest()
        assert "lisa" not in browser.html
        fill(browser, f"/console/groups/{group.handle}/{form}/", **{name: handle})
        assert browser.status == 403
        assert database_digest() == before

    def test_admin_of_an_equal_role_cannot_be_added_or_removed(self, world: World):
        group = group_of(world.ada.user, world)
        peer = world.person("peer", world.north, Role.TENANT_ADMIN)
        browser = Browser(world.north_admin)
        fill(browser, f"/console/groups/{group.handle}/add-member/", user_id=peer.handle)
        assert browser.status == 403
        add_member(group, peer, actor=SYSTEM)
        browser.open(f"/console/groups/{group.handle}/")
        assert f'value="{peer.handle}"' not in browser.html
        browser.send(f"/console/groups/{group.handle}/take-out/", user_id=peer.handle)
        assert browser.status == 403
        assert group.memberships.filter(user=peer).exists()

    def test_repeated_removal_says_no_longer_a_member(self, world: World):
        group = group_of(world.ada.user, world)
        inner = Group.objects.get(parents__parent=group)
        browser = Browser(world.north_admin)
        page = f"/console/groups/{group.handle}/"
        browser.open(page)
        for named in ({"user_id": world.ada.user.handle}, {"child_group_id": inner.handle}):
            assert "Removed from the group." in browser.send(f"{page}take-out/", **named)
            assert "It was not a member any more." in browser.send(f"{page}take-out/", **named)
            assert (browser.status, browser.at) == (200, page)

    @cells("named", [[], ["user_id", "child_group_id"]], ids=["nothing", "both"])
    def test_removal_without_exactly_one_target_changes_nothing(self, named: list[str], world: World):
        group = group_of(world.ada.user, world)
        inner = Group.objects.get(parents__parent=group)
        handles = {"user_id": world.ada.user.handle, "child_group_id": inner.handle}
        browser = Browser(world.north_admin)
        browser.open(f"/console/groups/{group.handle}/")
        before = database_digest()
        text = browser.send(f"/console/groups/{group.handle}/take-out/", **{name: handles[name] for name in named})
        assert "Nothing was changed" in text
        assert browser.status == 400
        assert database_digest() == before

    def test_group_out_of_scope_is_404(self, world: World):
        group = group_of(world.ada.user, world)
        browser = Browser(world.springfield_admin)
        browser.open("/console/")
        browser.send(f"/console/groups/{group.handle}/take-out/", user_id=world.ada.user.handle)
        assert browser.status == 404
        assert group.memberships.filter(user=world.ada.user).exists()
