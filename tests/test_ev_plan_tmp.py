import pytest, time
from django.db import connection
from sessions_app import feed
from sessions_app.actors import Actor, local_actor
from sessions_app.feed_clock import Position
from sessions_app.models import SessionEvent
from tests.factories import new_session, user
@pytest.mark.django_db(transaction=True)
def test_plan():
    key=new_session().pk
    cols=[f.column for f in SessionEvent._meta.concrete_fields if f.column not in("id","transaction_id","seq")]
    n=", ".join(cols)
    tids = "" 
    with connection.cursor() as c:
        if connection.vendor=="postgresql": c.execute("ALTER TABLE session_events DISABLE TRIGGER session_events_follow")
        c.execute(f"WITH RECURSIVE s(i) AS (SELECT 2 UNION ALL SELECT i+1 FROM s WHERE i<200000) INSERT INTO session_events (seq,transaction_id,{n}) SELECT i, 0, {', '.join('e.'+x for x in cols)} FROM session_events e, s")
        c.execute("ANALYZE session_events")
        if connection.vendor=="postgresql": c.execute("ALTER TABLE session_events ENABLE TRIGGER session_events_follow")
    for who in (local_actor(), Actor(user("mei"),"api")):
        q=SessionEvent.objects.visible_to(who).filter(feed._between(Position(0,150000),Position(10**9,0))).order_by("transaction_id","id")[:51]
        print(q.explain()); t=time.perf_counter(); r=list(q); print(len(r), time.perf_counter()-t)
