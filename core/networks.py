"""IP addresses and networks."""

import ipaddress

from django.db.models import BooleanField, Func

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class IsWithin(Func):
    """Whether an address is in a network. PostgreSQL can use the index on the address."""

    template = "(%(expressions)s::inet)"
    arg_joiner = " <<= "
    output_field = BooleanField()


def network(text: str) -> Network:
    """Parse an address or a network. An IPv4 address mapped to IPv6 becomes an IPv4 address."""
    if "%" in text:
        raise ValueError(text)  # zones are local, and PostgreSQL does not store them
    parsed = ipaddress.ip_network(text, strict=False)
    mapped = getattr(parsed.network_address, "ipv4_mapped", None)
    return ipaddress.ip_network(mapped) if mapped and parsed.num_addresses == 1 else parsed
