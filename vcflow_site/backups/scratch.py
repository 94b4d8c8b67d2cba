"""The other side of a rehearsal: fills a scratch database, compares it, and brings it up to date."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sessions_app.exceptions import FlowError
from vcflow_site.backups import archive, content
from vcflow_site.backups.archive import Archive
from vcflow_site.backups.errors import BackupDamaged, damaged
from vcflow_site.provision import bring_up_to_date


def main(file: str) -> int:
    """Print what was found, or what is wrong; the answer is the exit status."""
    try:
        with archive.opened(Path(file)) as opened:
            sys.stdout.write(json.dumps(_restored(opened)))
    except FlowError as error:
        sys.stderr.write(json.dumps({"message": error.details.get("reason", error.message)}) + "\n")
        return BackupDamaged.exit_status
    return 0


def _restored(opened: Archive) -> dict[str, Any]:
    manifest = opened.manifest
    if manifest.engine == "postgresql":
        # The driver is there with PostgreSQL alone.
        from vcflow_site.backups import postgres_copy

        postgres_copy.replace(opened, lambda _raw: None)
    for fault in content.faults(manifest.content):
        raise damaged(opened.path, fault)
    found = bring_up_to_date(lambda _said: None)
    tables = manifest.content.tables.values()
    return {"schema": found.name.lower(), "tables": len(tables), "rows": sum(table.rows for table in tables)}
