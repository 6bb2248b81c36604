"""The demo's applications, agents and identity providers."""

from accounts import operations as accounts
from accounts.models import Application, IdentityProvider
from core.access import Principal, Scope
from sessions_app.demo.people import People


def create_platform_applications(actor: Principal) -> list[Application]:
    """Create the demo service, and return the applications that users of every tenant sign in to."""
    accounts.create_application(
        actor=actor,
        name="Demo service",
        application_type=Application.Type.SERVICE,
        scope=Application.Scope.GLOBAL,
        client_id="demo-service",
        allowed_scopes=list(Scope),
        secret="demo-service-secret",  # noqa: S106 - published, like the passwords
    )
    return [
        accounts.create_application(
            actor=actor,
            name=name,
            application_type=Application.Type.WEB,
            scope=Application.Scope.GLOBAL,
            client_id=name.lower(),
        )[0]
        for name in ("Mail", "Files", "Timesheets")
    ]


def create_clients(actor: Principal, people: People) -> list[Application]:
    """Create what north has of its own, and return its applications."""
    admin = people["admin@north.example"]
    accounts.create_agent(
        actor=actor,
        tenant=admin.tenant,
        owner_user=admin,
        name="Leave helper",
        allowed_scopes=[Scope.ADMIN_READ],
        allowed_tools=["search", "book_leave"],
        rate_limit_rpm=120,
    )
    accounts.create_identity_provider(
        actor=actor,
        tenant=admin.tenant,
        name="North directory",
        provider_type=IdentityProvider.Type.OIDC,
        config={"issuer": "https://id.north.example", "client_id": "curfew", "scopes": ["openid", "email"]},
    )
    intranet, _ = accounts.create_application(
        actor=actor,
        name="North intranet",
        application_type=Application.Type.SPA,
        scope=Application.Scope.TENANT,
        client_id="north-intranet",
        tenant=admin.tenant,
    )
    return [intranet]
