"""Pictures of a workflow: Mermaid, text for a terminal, SVG.  With ``states`` they show where a session stands.

``states`` maps a stage's id to its status (PENDING, ACTIVE …); a stage that is not in it has not begun.
"""

from sessions_app.drawing.as_mermaid import mermaid
from sessions_app.drawing.as_svg import STYLE, svg
from sessions_app.drawing.as_text import text

__all__ = ["STYLE", "mermaid", "svg", "text"]
