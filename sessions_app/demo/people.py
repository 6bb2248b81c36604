"""The demo's partners, tenants and users."""

from accounts import operations as accounts
from accounts.models import Role, User
from core.access import Principal
from tenancy.models import Partner, Tenant
from tenancy.operations import create_partner, create_tenant

PASSWORD = "curfew-demo"  # noqa: S105 - published, for a database that only this machine reaches
PARTNERS = {"Acme": ["north", "south"], "Globex": ["springfield"]}
USERS = {
    "north": ["Ada Lovelace", "Alan Turing", "Grace Hopper", "Edsger Dijkstra", "Barbara Liskov"],
    "south": ["Katherine Johnson", "Claude Shannon", "Radia Perlman", "Donald Knuth", "Hedy Lamarr"],
    "springfield": ["Lisa Simpson", "Ned Flanders", "Edna Krabappel", "Apu Nahasapeemapetilon", "Selma Bouvier"],
}

People = dict[str, User]  # by e-mail address


def create_people(actor: Principal) -> People:
    people = [_super_admin(actor)]
    for name, tenants in PARTNERS.items():
        partner = create_partner(actor=actor, name=name, slug=name.lower())
        people.append(_partner_admin(actor, partner))
        for slug in tenants:
            people += _tenant(actor, partner, slug)
    return {person.email: person for person in people}


def _super_admin(actor: Principal) -> User:
    staff = Tenant.objects.get(kind=Tenant.Kind.PLATFORM_STAFF)
    return _user(actor, staff, "super@curfew.example", "Sam Super", Role.SUPER_ADMIN)


def _partner_admin(actor: Principal, partner: Partner) -> User:
    staff = Tenant.objects.get(partner=partner, kind=Tenant.Kind.PARTNER_STAFF)
    return _user(actor, staff, f"partner@{partner.slug}.example", f"Pat {partner.name}", Role.PARTNER_ADMIN)


def _tenant(actor: Principal, partner: Partner, slug: str) -> list[User]:
    tenant = create_tenant(actor=actor, partner=partner, name=slug.capitalize(), slug=slug)
    admin = _user(actor, tenant, f"admin@{slug}.example", f"{slug.capitalize()} Admin", Role.TENANT_ADMIN)
    users = [_user(actor, tenant, f"{name.split()[0].lower()}@{slug}.example", name, Role.USER) for name in USERS[slug]]
    return [admin, *users]


def _user(actor: Principal, tenant: Tenant, email: str, name: str, role: Role) -> User:
    first_name, _, last_name = name.partition(" ")
    return accounts.create_user(
        actor=actor,
        tenant=tenant,
        email=email,
        password=PASSWORD,
        role=role,
        first_name=first_name,
        last_name=last_name,
    )
