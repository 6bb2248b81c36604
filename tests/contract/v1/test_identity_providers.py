"""/admin/identity-providers: OIDC and SAML configurations and their client secrets."""

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accounts.models import IdentityProvider
from accounts.operations.identity_providers import PURPOSE
from audit.models import AuditEntry
from core.crypto import unseal
from core.ids import Prefix
from tenancy.operations import HIDDEN
from tests.cells import cells
from tests.contract.v1.answers import ACCESS_DENIED, data_of, flaws, ids, refused
from tests.domain.test_public_urls import HOSTILE
from tests.resources import OIDC
from tests.world import World, some_id

PROVIDERS = "/api/v1/admin/identity-providers"
SECRET = "the canary that sings to nobody"


@cache
def certificate() -> tuple[str, str]:
    """A certificate, and its private key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(datetime.now(UTC)).not_valid_after(datetime.now(UTC) + timedelta(days=1))
    signed = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return signed.decode(), private.decode()


def of_version(number: int) -> str:
    """The same certificate, which says that it is of a version that there is none of."""
    der = x509.load_pem_x509_certificate(certificate()[0].encode()).public_bytes(serialization.Encoding.DER)
    text = base64.encodebytes(der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01" + bytes([number]), 1)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"


def saml(**more: Any) -> dict[str, Any]:
    return {
        "entity_id": "urn:idp:north",
        "sso_url": "https://idp.example/sso",
        "metadata_url": "https://idp.example/metadata",
        "certificate": certificate()[0].strip(),
        **more,
    }


def body(config: dict[str, Any], provider_type: str = "OIDC") -> dict[str, Any]:
    return {"name": "Okta", "provider_type": provider_type, "config": config}


def made(world: World, config: dict[str, Any], provider_type: str = "OIDC") -> tuple[str, dict[str, Any]]:
    shown = data_of(world.north_admin.post(PROVIDERS, body(config, provider_type)), 201)
    return f"{PROVIDERS}/{shown['id']}", shown


def secret_of(shown: dict[str, Any]) -> str | None:
    sealed = IdentityProvider.objects.latest("pk").sealed_secret
    assert shown["client_secret_set"] is (sealed is not None)
    return unseal(bytes(sealed), purpose=PURPOSE).decode() if sealed else None


class TestProviderClientSecret:
    def test_is_encrypted_and_never_returned(self, world: World):
        path, shown = made(world, OIDC | {"client_secret": SECRET})
        assert (shown["config"], secret_of(shown)) == (OIDC, SECRET)
        told = [world.super_admin.get(path).content, world.super_admin.get(PROVIDERS).content]
        told += [world.super_admin.request("PATCH", path, {"config": OIDC | {"client_secret": f"{SECRET} 2"}}).content]
        told += [json.dumps(list(AuditEntry.objects.values("changes"))).encode()]
        told += [bytes(IdentityProvider.objects.get().sealed_secret)]
        assert not [each for each in told if SECRET.encode() in each]

    def test_is_kept_when_left_out_of_an_update(self, world: World):
        path, _ = made(world, OIDC | {"client_secret": SECRET})
        shown = data_of(world.north_admin.request("PATCH", path, {"config": OIDC | {"client_id": "other"}}))
        assert (shown["config"]["client_id"], secret_of(shown)) == ("other", SECRET)

    def test_is_removed_by_null(self, world: World):
        path, _ = made(world, OIDC | {"client_secret": SECRET})
        for before, after in ((HIDDEN, None), (None, HIDDEN)):
            secret = None if after is None else SECRET
            shown = data_of(world.north_admin.request("PATCH", path, {"config": OIDC | {"client_secret": secret}}))
            assert secret_of(shown) == secret
            assert AuditEntry.objects.latest("pk").changes == {"sealed_secret": [before, after]}

    def test_unchanged_secret_changes_no_version_and_writes_no_entry(self, world: World):
        path, _ = made(world, OIDC | {"client_secret": SECRET})
        before = AuditEntry.objects.count(), world.north_admin.get(path)["ETag"]
        data_of(world.north_admin.request("PATCH", path, {"config": OIDC | {"client_secret": SECRET}}))
        assert (AuditEntry.objects.count(), world.north_admin.get(path)["ETag"]) == before

    def test_changed_secret_is_recorded_without_its_value(self, world: World):
        path, _ = made(world, OIDC | {"client_secret": SECRET})
        shown = data_of(world.north_admin.request("PATCH", path, {"config": OIDC | {"client_secret": "another"}}))
        entry = AuditEntry.objects.latest("pk")
        assert secret_of(shown) == "another"
        assert (entry.action, entry.resource_type) == ("identity_provider.updated", "identity_provider")
        assert entry.changes == {"sealed_secret": [HIDDEN, HIDDEN]}


class TestProviderConfig:
    def test_saml_config_is_stored(self, world: World):
        _, shown = made(world, saml(), "SAML")
        assert (shown["config"], shown["client_secret_set"]) == (saml(), False)

    def test_missing_optional_fields_get_defaults(self, world: World):
        _, shown = made(world, {"issuer": "https://idp.example/", "client_id": "curfew"})
        assert shown["config"] == {"issuer": "https://idp.example/", "client_id": "curfew", "scopes": []}
        less = saml()
        del less["metadata_url"]
        assert made(world, less, "SAML")[1]["config"] == saml(metadata_url=None)

    def test_update_replaces_the_whole_config(self, world: World):
        path, _ = made(world, saml(), "SAML")
        less = saml(entity_id="https://idp.example/entity")
        del less["metadata_url"]
        shown = data_of(world.north_admin.request("PATCH", path, {"config": less}))
        assert shown["config"] == less | {"metadata_url": None}

    @cells(
        ("provider_type", "more", "where"),
        [
            ("OIDC", {"key": 1}, "key"),
            ("OIDC", {"sso_url": "https://idp.example"}, "sso_url"),
            ("OIDC", {"client_secret": 1}, "client_secret"),
            ("OIDC", {"client_secret": ""}, "client_secret"),
            ("OIDC", {"client_id": ""}, "client_id"),
            ("OIDC", {"scopes": "openid"}, "scopes"),
            ("OIDC", {"scopes": ["x"] * 51}, "scopes"),
            ("OIDC", {"issuer": None}, "issuer"),
            ("SAML", {"client_secret": "x"}, "client_secret"),
            ("SAML", {"entity_id": "javascript:alert(1)"}, "entity_id"),
            ("SAML", {"entity_id": "https://a b"}, "entity_id"),
            ("SAML", {"entity_id": "urn:x\n"}, "entity_id"),
            ("SAML", {"certificate": "x"}, "certificate"),
            ("SAML", {"certificate": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"}, "certificate"),
            ("SAML", {"certificate": certificate()[0] * 2}, "certificate"),
            ("SAML", {"certificate": certificate()[1]}, "certificate"),
            ("SAML", {"certificate": "".join(certificate())}, "certificate"),
            ("SAML", {"certificate": None}, "certificate"),
            ("SAML", {"certificate": of_version(1)}, "certificate"),
            ("SAML", {"certificate": of_version(5)}, "certificate"),
        ],
    )
    def test_invalid_field_is_refused_by_its_name(
        self, provider_type: str, more: dict[str, Any], where: str, world: World
    ):
        config = {"OIDC": OIDC, "SAML": saml()}[provider_type]
        path, _ = made(world, config, provider_type)
        for answer in (
            world.north_admin.post(PROVIDERS, body(config | more, provider_type)),
            world.north_admin.request("PATCH", path, {"config": config | more}),
        ):
            assert {tuple(loc[:3]) for loc, _, _ in flaws(answer)} == {("body", "config", where)}

    @cells("provider_type", ["OIDC", "SAML"])
    def test_required_fields_are_named_when_missing(self, provider_type: str, world: World):
        needed = {"OIDC": {"issuer", "client_id"}, "SAML": {"entity_id", "sso_url", "certificate"}}[provider_type]
        answer = world.north_admin.post(PROVIDERS, body({}, provider_type))
        assert {loc[2] for loc, _, type_ in flaws(answer) if type_ == "missing"} == needed

    def test_config_of_another_type_is_refused(self, world: World):
        path, _ = made(world, OIDC)
        assert flaws(world.north_admin.request("PATCH", path, {"config": saml()}))
        assert flaws(world.north_admin.request("PATCH", path, {"provider_type": "SAML"})) == [
            (["body", "provider_type"], "Unknown field", "extra_forbidden")
        ]


def test_private_and_malformed_urls_are_refused(world: World):
    (oidc, _), (other, _) = made(world, OIDC), made(world, saml(), "SAML")
    for url in HOSTILE:
        for path, where, config in (
            (oidc, "issuer", OIDC | {"issuer": url}),
            (other, "sso_url", saml(sso_url=url)),
            (other, "metadata_url", saml(metadata_url=url)),
        ):
            wrong = flaws(world.north_admin.request("PATCH", path, {"config": config}))
            assert {tuple(loc[:3]) for loc, _, _ in wrong} <= {("body", "config", where), ("body", "config")}, ascii(
                url
            )


class TestProviderList:
    def test_is_filtered_by_tenant_type_status_and_search(self, world: World):
        (_, oidc), (_, other) = made(world, OIDC), made(world, saml(), "SAML")
        operator = world.super_admin
        there = body(OIDC) | {"tenant_id": world.springfield.handle, "name": "Entra", "status": "SUSPENDED"}
        foreign = data_of(operator.post(PROVIDERS, there), 201)
        for query, expected in {
            "": [foreign, other, oidc],
            "search=KTA": [other, oidc],
            f"tenant_id={world.north.handle}": [other, oidc],
            f"partner_id={world.globex.handle}": [foreign],
            "provider_type=SAML": [other],
            "status=SUSPENDED": [foreign],
            "ordering=name": [foreign, oidc, other],
        }.items():
            assert ids(operator.get(f"{PROVIDERS}?{query}")) == [each["id"] for each in expected], query
        assert ids(world.north_admin.get(f"{PROVIDERS}?tenant_id={world.springfield.handle}")) == []
        assert flaws(operator.get(f"{PROVIDERS}?provider_type=LDAP"))

    def test_creating_in_a_foreign_or_unknown_tenant_is_403(self, world: World):
        for tenant in (world.springfield.handle, some_id(Prefix.TENANT), "x"):
            answer = world.north_admin.post(PROVIDERS, body(OIDC) | {"tenant_id": tenant})
            assert refused(answer, 403) == ACCESS_DENIED
        assert not IdentityProvider.objects.exists()
