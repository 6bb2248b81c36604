"""Addresses, and the networks they are in."""

import ipaddress

from django.db.models import BooleanField, Func

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class IsWithin(Func):
    """An address in a network. PostgreSQL finds it by the address's index."""

    template = "(%(expressions)s::inet)"
    arg_joiner = " <<= "
    output_field = BooleanField()


def network(text: str) -> Network:
    """An address, or the network that one is in; an IPv4 address in IPv6's clothes is undressed."""
    if "%" in text:
        raise ValueError(text)  # a zone is this machine's business, and PostgreSQL has no room for it
    found = ipaddress.ip_network(text, strict=False)
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    return ipaddress.ip_network(mapped) if mapped and found.num_addresses == 1 else found
