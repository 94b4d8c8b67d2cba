"""JSON data in one form, whatever database and machine it comes from: for digests, savepoints and bundles."""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import Any

MOST_UNPACKED = 64 * 1024 * 1024
"""Bytes that a packed state may have unpacked; more is a bomb, not a state."""


def canonical(value: Any) -> str:
    """JSON text with sorted keys and nothing between; equal data give equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """SHA-256 of the canonical text."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def packed(value: Any) -> tuple[bytes, int]:
    """The canonical text compressed, and how many bytes it was."""
    text = canonical(value).encode()
    return zlib.compress(text, 6), len(text)


def unpacked(data: bytes, expected_digest: str) -> Any:
    """What was packed; ValueError if it isn't what the digest (SHA-256) says."""
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(data, MOST_UNPACKED)
    except zlib.error as error:
        raise ValueError(f"not what was packed: {error}") from error
    if unpacking.unconsumed_tail or not unpacking.eof or hashlib.sha256(text).hexdigest() != expected_digest:
        raise ValueError("not what was packed: its digest is another")
    return json.loads(text)
