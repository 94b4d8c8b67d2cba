"""``logs/errors.log``: the tracebacks of faults, for administrators."""

from __future__ import annotations

import logging
import os

from sessions_app.logfiles import SessionFileHandler


class ErrorLogHandler(SessionFileHandler):
    """Writes every record with its traceback to ``errors.log`` in its folder, rotated like the other files."""

    def _paths(self, record: logging.LogRecord) -> list[str]:
        return [os.path.join(self._folder, "errors.log")]
