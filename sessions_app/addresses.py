"""The network addresses that requests come from."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

IPV6_SITE = 64
"""Whoever has one address of IPv6 has all that begin with the same so many bits."""


def client_network(request: HttpRequest | Request) -> str:
    """Where the request comes from: an address of IPv4, or the network of an IPv6 one; empty when nobody knows.

    Behind a proxy (``VCFLOW_HTTPS=proxy``) that is the last address that X-Forwarded-For
    names: the one that the proxy itself added.  What stands before it anybody can write.
    """
    if settings.SECURE_PROXY_SSL_HEADER:
        return _network(request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2])
    return _network(request.META.get("REMOTE_ADDR", ""))


def _network(text: str) -> str:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), IPV6_SITE), strict=False))
