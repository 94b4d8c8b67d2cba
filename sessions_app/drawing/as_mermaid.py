"""A workflow as Mermaid source, for pages and editors that draw it themselves."""

from __future__ import annotations

import re

from sessions_app.definitions.schema import Definition
from sessions_app.drawing.graph import Arrow, States, arrows, shown, status
from sessions_app.words import LOOKS

_COLOURS = {
    "PENDING": "fill:#f6f8fa,stroke:#8c959f,color:#24292f",
    "ACTIVE": "fill:#ddf4ff,stroke:#0969da,color:#0a3069,stroke-width:3px",
    "PAUSED": "fill:#fff8c5,stroke:#9a6700,color:#4d2d00",
    "COMPLETED": "fill:#dafbe1,stroke:#1a7f37,color:#04260f",
    "FAILED": "fill:#ffebe9,stroke:#cf222e,color:#82071e",
    "SKIPPED": "fill:#f6f8fa,stroke:#8c959f,color:#57606a,stroke-dasharray:4 3",
    "ABORTED": "fill:#eaeef2,stroke:#57606a,color:#24292f",
}

# Everything else of ASCII could mean something to Mermaid, to its Markdown or to HTML.
_SPECIAL = re.compile(r"[^A-Za-z0-9 _,\u00a0-\U0010ffff]")


def mermaid(definition: Definition, states: States | None = None) -> str:
    """Flowchart source, ending in a newline."""
    lines = [f"%% {definition.id}", "flowchart TD"]
    for place, stage in enumerate(definition.stages):
        state = status(states, stage)
        sign = f"{LOOKS[state].sign} " if state else ""
        lines.append(f'    s{place}["{sign}{_quoted(shown(stage.name))}"]' + (f":::{state.lower()}" if state else ""))
    lines += [f"    {_arrow(arrow)}" for arrow in arrows(definition)]
    used = {status(states, stage) for stage in definition.stages} - {""}
    lines += [f"    classDef {state.lower()} {_COLOURS[state]}" for state in LOOKS if state in used]
    return "\n".join(lines) + "\n"


def _arrow(arrow: Arrow) -> str:
    line = "-.->" if arrow.kind == "needs" else "-->"
    label = f'|"{_quoted(arrow.label)}"|' if arrow.label else ""
    return f"s{arrow.source} {line}{label} s{arrow.target}"


def _quoted(text: str) -> str:
    """Text for a quoted label: special characters as Mermaid's entity codes."""
    return _SPECIAL.sub(lambda match: f"#{ord(match.group())};", text)
