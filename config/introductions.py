"""What the published schemas say of each API as a whole, and of each of its groups of requests. In Markdown."""

from collections.abc import Mapping

V1 = """\
Curfew keeps the sign-ins of many organizations in one place. With this API you sign users in, list their sessions,
revoke them, and administer partners, tenants, users, groups, applications, identity providers and agents.

The hierarchy is platform > partner > tenant > user. A session belongs to one user, a user to one tenant. You see and
change only what your role covers: super admins the platform, partner admins their partner and its tenants, tenant
admins their tenant, users themselves.

## Authentication

Send `Authorization: Bearer <credential>`. The credential is one of:

- an **access token** from `POST /api/v1/auth/login`. It is valid for 10 minutes; `POST /api/v1/auth/refresh` exchanges
  the refresh token for a new pair. Each refresh token is replaced at its first use.
- an **API key** from `POST /api/v1/me/api-keys`. It acts for its user in scripts, without expiring.
- a **client's access token** from `POST /api/v1/platform/oauth/token`, for agents, services and clients that act for a
  user.

Every request asks the database whether the session behind the credential is still active. A revoked session is
refused with 401 on its next request, on every server. To check a session from your own application, send its access
token to `GET /api/v1/me`: 200 if it is active, 401 if it is not.

## Responses

A successful response is `{"data": ..., "meta": {"request_id": ..., "timestamp": ...}}`; a list also has `pagination`.
Times are RFC 3339 in UTC. IDs have a prefix that names their type, such as `usr_` or `ses_`.

## Errors

An error is `{"detail": ...}`. With 422, `detail` is a list of `{"loc", "msg", "type"}`, one for each invalid
parameter or field; otherwise it is a sentence. With `Accept: application/problem+json`, errors are in the format of
RFC 9457. What you have no access to answers 404 as if it did not exist. Unknown query parameters and unknown fields
are refused with 422, so a misspelled filter never returns everything.

## Paging

Lists take `page` (from 1) and `per_page` (20 by default, at most 100). `pagination.total` is the exact number of
items. To walk through a long list, send `pagination.next_cursor` as `cursor` instead of `page`, with the same filters
and ordering: every page costs the same, and nothing is skipped or repeated.

## Safe retries and concurrent changes

- `Idempotency-Key`: send a unique key with a request that creates something. If you repeat the request within 24
  hours with the same key, you get the first response again and nothing is created twice.
- `ETag` and `If-Match`: each resource has a version in its `ETag` header. Send it back as `If-Match` when you update
  or delete: if someone else has changed the resource since, you get 412 and nothing is changed.
- `Prefer: return=minimal`: revoking many sessions answers with their number only, without their IDs.

## Limits

A request body can have at most 1 MiB. Failed sign-ins are limited per account and per IP address. Requests that cost
much, such as statistics and bulk revocations, are limited per caller and minute. When a limit is reached, the
response is 429 and `Retry-After` says how many seconds to wait.

## Versions

The path holds the version: `/api/v1/`. New fields, endpoints and parameters may be added to it; what exists keeps
its meaning.
"""

PANEL = """\
A user's own sessions, for account pages: list them, count them, and revoke one or all others. It speaks the format of
XyraPanel's account API; the sessions are those of all other Curfew APIs.

**Authentication**: an API key in `x-api-key`, an API key or an access token in `Authorization: Bearer`, or the session
cookie of a browser. A cookie can change something only from a page of the same host.

**Errors** are `{"error": true, "url", "statusCode", "statusMessage", "message"}`.

**Paging**: `page` begins at 1; `limit` is 50 by default, at most 100.

**Limits**: 600 requests in 5 minutes for each user, unless the installation sets another limit; then 429 with
`Retry-After`.

There are no versions or idempotency keys: each request can be repeated safely.
"""

ADMIN_TOKENS = """\
The sessions of administrators, of the platform and of every partner and tenant: list them, revoke one, or sign all
administrators out at once. It speaks the format of oooc-fete-finder's admin token API; the sessions are those of all
other Curfew APIs.

**Authentication**: the installation's `ADMIN_KEY` in `x-admin-key`, a super admin's access token or session key in
`Authorization: Bearer` or `x-admin-key`, or a super admin's session cookie. The cron endpoint takes `CRON_SECRET` as a
Bearer token. Nobody else is let in: 401.

**Errors** are `{"success": false, "error": ...}`.

**Paging**: there is none. At most the newest 10,000 sessions are returned; `Sessions-Truncated: true` says that there
are more.

**Limits**: wrong keys are limited per IP address, and revoking all sessions per caller and minute; then 429 with
`Retry-After`.

**Repeating a request**: revoking a session again changes nothing. Signing all administrators out again raises the
token version again.
"""

EDGE = """\
Curfew's sessions in the format of OpenZiti's Edge Management API: an API session is a session, an identity is a user.
Clients made for an OpenZiti controller can sign in, list and filter sessions, and revoke them.

**Authentication**: `POST /authenticate` returns a session key; send it as `zt-session`. `Authorization: Bearer` takes
the key, an access token or an administrator's API key. Accounts with MFA sign in at `POST /api/v1/auth/login` and use
that access token.

**Errors** are `{"error": {"code", "message", "requestId", "cause"}, "meta"}`, with OpenZiti's codes.

**Paging**: `limit` is 10 by default, at most 500; `offset` at most 100,000. `limit=-1` returns everything, up to
10,000 items.

**Filters** use OpenZiti's filter language, such as `ipAddress = "192.0.2.7" sort by createdAt desc limit 50`.

**Limits**: failed sign-ins are limited per account and per IP address; then 429 with `Retry-After`. There are no
idempotency keys or resource versions: sessions are only read and revoked.
"""

TAGS: Mapping[str, str] = {
    # v1
    "Agents": "Programs that act within one tenant, with a client ID and secret of their own and a request limit.",
    "Applications": "OAuth clients that users sign in to, or that act as services.",
    "Audit": "The audit log: who did what, to what, from where, and with which result. It can only be read.",
    "Dashboard": "Numbers and recent activity for an overview page.",
    "Groups": "Groups of users in a tenant. Groups can be nested.",
    "Identity providers": "OIDC and SAML configurations of a tenant. They are stored; signing in through them is not "
    "available yet.",
    "My account": "The signed-in user's own password, MFA and API keys.",
    "My sessions": "The signed-in user's own sessions: list them and revoke them.",
    "Partners": "Organizations that run tenants. Only super admins manage them.",
    "Platform": "Tokens for programs, and the public keys that verify access tokens.",
    "Revocations": "What was revoked, by whom, why, and how far the session rows have been updated.",
    "Sessions": "The sessions of all users you administer, across tenants: list, filter, count and revoke them.",
    "Sessions of a tenant": "The same for one tenant, and for one user of it.",
    "Signing in": "Sign in, refresh an access token, sign out, and choose a new password after a reset.",
    "Tenants": "Customer organizations, each with its own users and branding.",
    "Users": "The people who can sign in, including administrators.",
    # panel
    "Account sessions": "The signed-in user's own sessions.",
    # admin tokens
    "Admin tokens": "The sessions of administrators.",
    "Scheduled": "For a scheduler: delete old sessions.",
    # edge
    "API Session": "Active sessions within your scope.",
    "Authentication": "Sign in.",
    "Current API Session": "The session that sends the request.",
    "Current Identity": "The signed-in user.",
    "Identity": "Users within your scope. They can only be read.",
    "Informational": "What runs here, and how many sessions and users there are.",
}


def tags_of(paths: Mapping[str, Mapping[str, dict[str, list[str]]]]) -> list[dict[str, str]]:
    """Describe the tags that the operations of a schema have."""
    names = {name for methods in paths.values() for operation in methods.values() for name in operation.get("tags", ())}
    return [{"name": name, "description": TAGS[name]} for name in sorted(names)]
