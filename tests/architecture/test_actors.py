"""Every operation has a required, keyword-only `actor`."""

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from tests.architecture.sources import modules

OPERATIONS = ("accounts.operations", "audit.operations", "sessions_app.operations", "tenancy.operations")
# Each with the reason why nobody has to be named.
WITHOUT_ACTOR = {
    "accounts.operations.find_account": "looks an account up and changes nothing",
    "accounts.operations.authenticated": "starts from the client's credentials, which say who acts",
    "accounts.operations.granted_of": "compares scopes and changes nothing",
    "accounts.operations.is_admin_key": "compares two texts and changes nothing",
    "accounts.operations.is_cron_secret": "compares two texts and changes nothing",
    "accounts.operations.issue_token": "starts from the client's credentials, which say who acts",
    "accounts.operations.note_key_use": "the authenticator's own note that a key was used",
    "accounts.operations.pending_reset": "looks a code up and changes nothing",
    "accounts.operations.operator_key_attempt": "charges whoever has yet to show that they are anybody",
    "accounts.operations.verify_credentials": "starts from credentials, which say who acts",
    "accounts.operations.require_fit": "looks at a password and changes nothing",
    "accounts.operations.reset_password": "starts from a code, which says who acts",
    "audit.operations.fingerprint": "computes and changes nothing",
    "sessions_app.operations.exchange": "starts from the client's credentials, which say who acts",
    "sessions_app.operations.refresh": "starts from a refresh token, which says who acts",
    "sessions_app.operations.sign_in": "starts from credentials, which say who acts",
    "sessions_app.operations.sweep": "writes down what the revocation's own actor decided",
    "sessions_app.operations.sweep_tenant_before_move": "writes down what the revocations' own actors decided",
    "sessions_app.operations.touch": "the authenticator's own note that somebody was here",
    "sessions_app.operations.block_sign_ins": "waits for others and changes nothing",
    "tenancy.operations.check_limit": "compares two numbers inside the act that names its actor",
    "tenancy.operations.lock": "holds a row for the act that names its actor",
    "tenancy.operations.bump_version": "gives it another version inside the act that names its actor",
    "tenancy.operations.next_revision": "takes a number for the act that names its actor",
}


def public_functions() -> dict[str, Callable[..., Any]]:
    """What the operations packages offer, and what the operations modules define."""
    found: dict[str, Callable[..., Any]] = {}
    for name in OPERATIONS:
        module = import_module(name)
        offered = getattr(module, "__all__", None) or vars(module)
        for each in offered:
            act = getattr(module, each)
            if inspect.isfunction(act) and not each.startswith("_") and act.__module__.startswith(name):
                found[f"{name}.{each}"] = act
    return found


def names_its_actor(act: Callable[..., Any]) -> bool:
    actor = inspect.signature(act).parameters.get("actor")
    return actor is not None and actor.kind is actor.KEYWORD_ONLY and actor.default is actor.empty


def test_every_operation_requires_an_actor_unless_exempted():
    assert {name for name, act in public_functions().items() if not names_its_actor(act)} == WITHOUT_ACTOR.keys()


def test_every_operations_module_is_checked():
    found = {name for name in modules() if name.rpartition(".")[2] == "operations"}
    assert found == set(OPERATIONS)


def test_known_operations_are_among_the_checked_ones():
    assert {
        "accounts.operations.create_user",
        "sessions_app.operations.revoke",
        "tenancy.operations.create_tenant",
    } <= (public_functions().keys())
