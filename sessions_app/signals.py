"""What the floors above and plugins may listen to.

A lower floor reaches an upper one by these signals and by nothing else.
"""

from django.dispatch import Signal

transition_requested = Signal()
"""
Sent before a session or a stage changes its status, inside the transaction.  A receiver
vetoes by raising a :class:`~sessions_app.exceptions.FlowError`.

Arguments: ``sender`` (the model), ``change`` (:class:`~sessions_app.change.Change`),
``subject`` (the row), ``verb``, ``force`` (the caller gave a reason to pass over guards).
"""

event_recorded = Signal()
"""
Sent for each event inside the transaction that wrote it.  An error rolls everything
back; for our own floors only.

Arguments: ``sender`` (SessionEvent), ``event``, ``change``.
"""

event_committed = Signal()
"""
Sent for each event after its transaction is on disk (by ``send_robust``: a receiver that
fails harms nobody).  For log files, live pages and plugins.

Arguments: ``sender`` (SessionEvent), ``event``, ``flow_session``.
"""
