"""Which addresses and host names count as public, in every disguise."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freeproviders.addresses import is_loopback_host, is_public_address, is_public_host

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "9.255.255.255", "100.63.255.255", "100.128.0.0", "172.32.0.1", "223.255.255.255"]
PRIVATE_V6 = [
    "::",
    "::1",
    "::10.0.0.1",
    "::8.8.8.8",  # IPv4-compatible, long withdrawn
    "::ffff:0:8.8.8.8",  # translated, within a network
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:10::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "4000::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%lo",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC_V6 = ["2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "2620:fe::fe"]


def disguised(text):
    """An IPv4 address in the IPv6 addresses that stand for it."""
    number = int(ipaddress.IPv4Address(text))
    teredo = 0x20010000 << 96 | int(ipaddress.IPv4Address("8.8.8.8")) << 64
    return [
        str(ipaddress.IPv6Address(value))
        for value in (
            0xFFFF << 32 | number,  # mapped
            0x64FF9B << 96 | number,  # NAT64
            0x2002 << 112 | number << 80,  # 6to4
            teredo | (number ^ 0xFFFFFFFF),  # Teredo, its client
        )
    ]


@pytest.mark.parametrize("text", PRIVATE + PRIVATE_V6)
def test_an_address_of_a_network_of_its_own_is_not_public(text):
    assert (is_public_address(text), is_public_host(text)) == (False, False)


@pytest.mark.parametrize("text", PUBLIC + PUBLIC_V6)
def test_an_address_of_the_internet_is_public(text):
    assert (is_public_address(text), is_public_host(text)) == (True, True)


@pytest.mark.parametrize("text", PRIVATE)
def test_a_private_address_stays_private_in_an_ipv6_address(text):
    assert [disguise for disguise in disguised(text) if is_public_address(disguise)] == []


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_stays_public_in_an_ipv6_address(text):
    assert [disguise for disguise in disguised(text) if not is_public_address(disguise)] == []


def test_a_teredo_address_of_a_private_server_is_private():
    assert not is_public_address(str(ipaddress.IPv6Address(0x20010000 << 96 | 0x0A000001 << 64 | 0xF7F7F7F7)))


@pytest.mark.parametrize(
    "host",
    [
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "017700000001",
        "127.1",
        "127.0.1",
        "2130706433",
        "127.0.0.1.",
        "8.8.8",
        "a.8",
        "1.2.3.4.5",
        "999.1.1.1",
        "0x",
        "[::1]",
        "::1::",
        "fe80:",
        "127%2e0%2e0%2e1",
    ],
)
def test_an_address_in_an_odd_spelling_is_not_public(host):
    assert not is_public_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "intranet",
        "printer.local",
        "nas.lan",
        "metadata.google.internal",
        "router.home.arpa",
        "Router.HOME.arpa.",
    ],
)
def test_a_name_of_a_private_network_is_not_public(host):
    assert not is_public_host(host)


@pytest.mark.parametrize(
    "host", ["example.com", "EXAMPLE.com.", "a.b.co.uk", "xn--bcher-kva.example", "1.2.3.4.nip.io"]
)
def test_any_other_name_may_be_public(host):
    assert is_public_host(host)


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("127.1", False),
        ("a.localhost", False),
        ("10.0.0.1", False),
        ("example.com", False),
    ],
)
def test_this_machine_is_told_by_its_usual_names(host, is_one):
    assert is_loopback_host(host) is is_one


@given(st.ip_addresses())
def test_what_is_public_here_is_public_to_the_standard_library(address):
    """Ours refuses more, as it looks into what an address stands for; never less."""
    if is_public_address(str(address)):
        embedded = address.version == 6 and (address.sixtofour or address.teredo or address.ipv4_mapped)
        assert embedded or (address.is_global and not address.is_multicast)


@given(st.text(max_size=20))
def test_any_text_is_judged(text):
    assert not is_public_address(text) or is_public_host(text)
