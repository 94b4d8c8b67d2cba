"""How long things take, how many are done, and what is stuck: figures of the sessions that an actor sees.

Functions read and answer with values; nothing here writes, and nothing knows a page.  Lengths are seconds.
"""
