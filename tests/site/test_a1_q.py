import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.factories import *
from tests.site.staff import *
pytestmark = pytest.mark.django_db
def test_q():
    ann = staff_client("ann", operates=["platform"]); fs = in_team(new_session("build"), "platform")
    ann.get(session_url(fs))
    with CaptureQueriesContext(connection) as q: ann.get(session_url(fs))
    for x in q.captured_queries: print("Q", x["sql"][:90], "...", x["sql"][x["sql"].find(" FROM "):][:230])
