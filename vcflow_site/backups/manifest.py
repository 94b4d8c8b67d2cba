"""What a backup says of itself, signed with a key that is made from the installation's own.

The secret key itself is never in it; ``key`` tells only whether two are the same.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from sessions_app.language import gettext as _
from vcflow_site.backups import layout
from vcflow_site.backups.errors import BackupUnfit, damaged
from vcflow_site.backups.layout import Member

FORMAT = 1
ENGINES = ("sqlite", "postgresql")
KINDS = ("hand", "schedule", "restore")
"""Made by somebody, by the worker, or of what a restore replaces."""

SESSIONS, EVENTS = "flow_sessions", "session_events"
_SIGNED, _KNOWN = "vcflow.backup.manifest", "vcflow.backup.key"


@dataclass(frozen=True)
class Table:
    """A table's rows; ``columns`` in the order of the copy, and the last number given out (PostgreSQL alone)."""

    rows: int
    columns: tuple[str, ...] = ()
    sequence: int | None = None


@dataclass(frozen=True)
class Heads:
    """How many sessions there are, and the digest over their ids, versions and chain heads."""

    sessions: int
    sha256: str


@dataclass(frozen=True)
class Content:
    """What was copied, as the engine that copied it tells."""

    migrations: tuple[str, ...]
    tables: dict[str, Table]
    heads: Heads


@dataclass(frozen=True)
class Manifest:
    """All of it; ``is_authentic`` is None when another key signed it, so that nobody can tell."""

    vcflow: str
    engine: str
    kind: str
    created_at: datetime
    content: Content
    members: tuple[Member, ...]
    is_authentic: bool | None = True

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        found = self.content.tables.get(table)
        return found.rows if found else 0


def write(manifest: Manifest) -> bytes:
    """The manifest, signed, as it fills its room."""
    body = _body(manifest)
    raw = _canonical({**body, **_seals(body)})
    if len(raw) > layout.ROOM:
        raise BackupUnfit(_("There are too many tables for a backup."))
    return raw.ljust(layout.ROOM)


def read(path: Path, room: bytes) -> Manifest:
    """The manifest in its room; raises BackupDamaged, or BackupUnfit for a format of later days."""
    reason = _("its manifest isn't what was written")
    try:
        data = json.loads(room)
        if isinstance(data, dict) and isinstance(data.get("format"), int) and data["format"] > FORMAT:
            raise _newer_format(path, data)
        if _canonical(data).ljust(layout.ROOM) != room:
            raise damaged(path, reason)
        return _understood(path, data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(path, reason) from error


def _understood(path: Path, data: dict[str, Any]) -> Manifest:
    seals = {name: data.pop(name) for name in ("key", "hmac", "sha256")}
    own = _seals(data)
    if not constant_time_compare(seals["sha256"], own["sha256"]):
        raise damaged(path, _("its manifest isn't what was written"))
    is_ours = constant_time_compare(seals["key"], own["key"])
    if is_ours and not constant_time_compare(seals["hmac"], own["hmac"]):
        raise damaged(path, _("its manifest was changed and not signed with this installation's key"))
    manifest = Manifest(
        vcflow=_text(data["vcflow"]),
        engine=_one_of(data["engine"], ENGINES),
        kind=_one_of(data["kind"], KINDS),
        created_at=datetime.fromisoformat(data["created_at"]),
        content=_content(data),
        members=tuple(_member(one) for one in data["members"]),
        is_authentic=True if is_ours else None,
    )
    if _body(manifest) != data or manifest.created_at.tzinfo is None:
        raise ValueError
    return manifest


def _content(data: dict[str, Any]) -> Content:
    tables = {
        _text(name): Table(_number(one["rows"]), tuple(map(_text, one["columns"])), _number_or_none(one["sequence"]))
        for name, one in data["tables"].items()
    }
    heads = Heads(_number(data["heads"]["sessions"]), _text(data["heads"]["sha256"]))
    return Content(tuple(map(_text, data["migrations"])), tables, heads)


def _member(one: dict[str, Any]) -> Member:
    member = Member(_text(one["name"]), _number(one["size"]), _text(one["sha256"]), _number(one["raw_size"]))
    # gzip never makes more than about a thousand bytes of one.
    if member.raw_size > 1100 * (member.size + 1):
        raise ValueError(member.name)
    return member


def _body(manifest: Manifest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "format": FORMAT,
        "vcflow": manifest.vcflow,
        "engine": manifest.engine,
        "kind": manifest.kind,
        "created_at": manifest.created_at.isoformat(),
        "migrations": manifest.content.migrations,
        "tables": {name: asdict(table) for name, table in manifest.content.tables.items()},
        "heads": asdict(manifest.content.heads),
        "members": [member._asdict() for member in manifest.members],
    }
    plain: dict[str, Any] = json.loads(json.dumps(body))
    return plain


def _seals(body: dict[str, Any]) -> dict[str, str]:
    raw = _canonical(body)
    return {
        "key": _keyed(_KNOWN, b"")[:16],
        "hmac": _keyed(_SIGNED, raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
    }


def _keyed(purpose: str, data: bytes) -> str:
    return salted_hmac(purpose, data, secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()


def _canonical(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def _newer_format(path: Path, data: dict[str, Any]) -> BackupUnfit:
    return BackupUnfit(
        _("The backup {file} has the format {number}, of a newer vcflow ({version}).").format(
            file=path, number=data["format"], version=str(data.get("vcflow"))[:40]
        ),
        fix=_("Use that version of vcflow or a newer one."),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise TypeError
    return value


def _number_or_none(value: object) -> int | None:
    return None if value is None else _number(value)


def _one_of(value: object, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(value)
    return str(value)
