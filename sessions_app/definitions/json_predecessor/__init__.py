"""JSON as the predecessor wrote it, in all its shapes → :class:`Definition`.

Lenient where nothing is lost by it: what is left out, renamed or guessed gives a warning
with its line.  JSON without a ``vcflow`` key is read here, so a file in vcflow's own
format that forgot the key is understood as well.
"""

from sessions_app.definitions.json_predecessor.reader import read

__all__ = ["read"]
