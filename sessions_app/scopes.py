"""What a token may be good for, as data.  Imports nothing: the command line's help needs it."""

READ, WORK, DECIDE, DEFINE, EXPORT, WEBHOOK, ADMINISTER = (
    "read",
    "work",
    "decide",
    "define",
    "export",
    "webhook",
    "admin",
)
SCOPES = (READ, WORK, DECIDE, DEFINE, EXPORT, WEBHOOK, ADMINISTER)
AGENT_SCOPES = (READ, WORK)
"""What a token for a coding agent may have at most."""
