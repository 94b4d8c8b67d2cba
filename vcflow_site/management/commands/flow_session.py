from sessions_app.language import noop
from vcflow_site.cli import MANAGE_FLOW_SESSION
from vcflow_site.management.mounted import MountedCommand


class Command(MountedCommand):
    """``manage.py flow_session …``: the same as ``vc flow session …``."""

    help = noop("runs of workflows")
    mount = MANAGE_FLOW_SESSION
