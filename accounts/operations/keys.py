"""API keys of users, and the platform's signing keys."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection, transaction
from django.db.models import Max, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.keyring import PUBLISHED_AHEAD, PURPOSE, ring
from accounts.models import ApiKey, Application, SigningKey, User
from accounts.models.keys import ApiKeyQuerySet
from accounts.tokens import ACCESS_LIFETIME, AGENT_LIFETIME
from audit.actions import Action
from audit.operations import record
from core import ids
from core.access import Principal
from core.crypto import digest, new_secret, seal

API_KEY_START = "curfew_"
_ROTATION_LOCK = 0x63757266  # any number that nothing else locks


@dataclass(frozen=True, slots=True)
class NewApiKey:
    key: ApiKey
    secret: str = field(repr=False)


@transaction.atomic
def create_api_key(user: User, name: str, *, actor: Principal) -> NewApiKey:
    secret = API_KEY_START + new_secret()
    key = ApiKey.objects.create(user=user, name=name, digest=digest(secret))
    record(Action.API_KEY_CREATED, actor=actor, resource=key, changes={"name": [None, name]})
    return NewApiKey(key, secret)


@transaction.atomic
def delete_api_key(keys: ApiKeyQuerySet, *, actor: Principal) -> int:
    """Delete API keys, which are refused from now on; return how many."""
    rows = list(keys.not_deleted().select_for_update(of=("self",)).select_related("user"))
    for key in rows:
        ApiKey.objects.filter(pk=key.pk).update(deleted_at=Now())
        record(Action.API_KEY_DELETED, actor=actor, resource=key, changes={"name": [key.name, None]})
    return len(rows)


def note_key_use(key_id: UUID) -> None:
    ApiKey.objects.filter(pk=key_id).update(last_used_at=Now())


@transaction.atomic
def rotate_signing_key(*, actor: Principal, at_once: bool = False) -> SigningKey:
    """Create a new key to sign with. The old ones verify until the last token they signed has expired.

    `at_once` is for a leaked key: the new key signs immediately, tokens of the others are refused, and clients refresh
    them. Sessions are not affected.
    """
    _lock_rotation()
    now = timezone.now()
    ahead = timedelta(0) if at_once else PUBLISHED_AHEAD
    overlap = timedelta(0) if at_once else ahead + _longest_token()
    SigningKey.objects.filter(Q(verifies_until=None) | Q(verifies_until__gt=now + overlap)).update(
        verifies_until=now + overlap
    )
    key = _generate(signs_from=now + ahead)
    record(Action.SIGNING_KEY_ROTATED, actor=actor, changes={"kid": key.kid, "at_once": at_once})
    transaction.on_commit(ring.clear)
    return key


@transaction.atomic
def ensure_signing_key(*, actor: Principal) -> None:
    """Create a signing key unless there is one."""
    _lock_rotation()
    if not SigningKey.objects.filter(verifies_until=None).exists():
        key = _generate(signs_from=timezone.now())
        record(Action.SIGNING_KEY_ROTATED, actor=actor, changes={"kid": key.kid})
        transaction.on_commit(ring.clear)


def _longest_token() -> timedelta:
    longest = Application.objects.not_deleted().aggregate(longest=Max("token_lifetime"))["longest"]
    return timedelta(seconds=max(ACCESS_LIFETIME, AGENT_LIFETIME, longest or 0))


def _lock_rotation() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ROTATION_LOCK])


def _generate(signs_from: datetime) -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return SigningKey.objects.create(
        kid="".join(secrets.choice(ids.ALPHABET) for _ in range(26)),
        private_pem=seal(pem, purpose=PURPOSE),
        public_pem=public.decode(),
        created_at=timezone.now(),
        signs_from=signs_from,
    )
