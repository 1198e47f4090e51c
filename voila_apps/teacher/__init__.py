"""The teacher's side: the wall of a lesson, a look over a shoulder, the intercom, a trial run with answers."""
