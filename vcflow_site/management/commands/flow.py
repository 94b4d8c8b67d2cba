from sessions_app.language import noop
from vcflow_site.cli import MANAGE_FLOW
from vcflow_site.management.mounted import MountedCommand


class Command(MountedCommand):
    """``manage.py flow …``: the same as ``vc flow …``."""

    help = noop("workflows, their sessions and stages")
    mount = MANAGE_FLOW
