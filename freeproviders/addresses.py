"""Which addresses and host names lead to the public internet. No I/O: nothing is looked up here."""

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

__all__ = ["is_loopback_host", "is_public_address", "is_public_host"]

_Address = IPv4Address | IPv6Address

# Tables of our own: the standard library's differ between the patch releases that are in use.
# https://www.iana.org/assignments/iana-ipv4-special-registry
_SPECIAL_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host, this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a carrier's NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, the metadata services of clouds among them
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
# All public addresses of today lie in here: https://www.iana.org/assignments/ipv6-unicast-address-assignments
_UNICAST_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "3fff::/20"))
# Networks without IPv4 reach it so (RFC 6052). The prefix for local use, 64:ff9b:1::/48, does not say where in it the
# IPv4 address stands, so it is refused as a whole.
_NAT64 = IPv6Network("64:ff9b::/96")

# What ends in a number is an address to a URL's reader, in spellings of old (127.1, 0x7f.1, 2130706433).
_ENDS_IN_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0[xX][0-9a-fA-F]*)\Z")
# RFC 6761, 6762 (with its appendix G) and 8375.
_LOCAL_NAMES = (
    ".corp",
    ".home",
    ".home.arpa",
    ".internal",
    ".intranet",
    ".invalid",
    ".lan",
    ".local",
    ".localhost",
    ".private",
    ".test",
)


def is_public_address(text: str) -> bool:
    """Whether an address is one of the public internet; a text that is no address is not.

    An IPv6 address that stands for an IPv4 address (mapped, NAT64, 6to4, Teredo) is as public as that.
    """
    address = _address(text)
    return address is not None and _is_public(address)


def is_public_host(host: str) -> bool:
    """Whether a URL's host may be public: a public address, or a name that is none of a private network's.

    Where a name leads is known once it has been looked up: ``is_public_address`` judges that.
    """
    if _address(host) is not None:
        return is_public_address(host)
    name = host.lower().removesuffix(".")
    return "." in name and ":" not in name and not _ENDS_IN_NUMBER.search(name) and not name.endswith(_LOCAL_NAMES)


def is_loopback_host(host: str) -> bool:
    """Whether a URL's host is this machine, by its address or as ``localhost``."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(text: str) -> _Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_public(address: _Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    if address.scope_id is not None:  # it names a link of this machine
        return False
    if embedded := _embedded(address):
        return all(map(_is_public, embedded))
    return address in _UNICAST_V6 and not any(address in network for network in _SPECIAL_V6)


def _embedded(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that an address stands for; more than one where it names a relay too."""
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    single = address.ipv4_mapped or address.sixtofour
    return (single,) if single is not None else address.teredo or ()
