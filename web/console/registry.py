"""What the console shows, in the order of its sidebar."""

from accounts.admin import AgentAdmin, ApplicationAdmin, GroupAdmin, IdentityProviderAdmin, UserAdmin
from accounts.models import Agent, Application, Group, IdentityProvider, User
from audit.admin import AuditEntryAdmin
from audit.models import AuditEntry
from sessions_app.admin import RevocationAdmin, SessionAdmin
from sessions_app.models import Revocation, Session
from tenancy.admin import PartnerAdmin, TenantAdmin
from tenancy.models import Partner, Tenant
from web.console.site import ConsoleSite

site = ConsoleSite()
site.register(Session, SessionAdmin)
site.register(Revocation, RevocationAdmin)
site.register(Partner, PartnerAdmin)
site.register(Tenant, TenantAdmin)
site.register(User, UserAdmin)
site.register(Group, GroupAdmin)
site.register(Application, ApplicationAdmin)
site.register(IdentityProvider, IdentityProviderAdmin)
site.register(Agent, AgentAdmin)
site.register(AuditEntry, AuditEntryAdmin)
