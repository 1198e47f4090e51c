"""A bench's share of the processor: how much of each frame's time may go into computing.

Forty benches on two cores would all be late if each took what one alone may take. No bench knows of the others; each
feels them, by how long it waited for a processor that it could have used, and gives way or takes more as senders of TCP
do (additive increase, multiplicative decrease: Chiu and Jain, Computer Networks and ISDN Systems 17, 1, 1989), which
settles at equal shares. A run counts in steps, so that this changes how soon something is measured, never what.
"""

MOST = 0.06  # seconds of computing in one frame
LEAST = 0.0025  # enough for a gauge to settle within half a minute
CROWDED = 0.02  # seconds of waiting in one frame that tell of others
TAKE, GIVE = 0.0005, 0.85  # s more for each frame without, this part of it after one with


class Share:
    """Seconds of computing that the next frame may take."""

    def __init__(self) -> None:
        self.seconds = MOST / 8

    def learn(self, waited: float) -> None:
        """So long did the last frame wait for a processor."""
        if waited > CROWDED:
            self.seconds = max(LEAST, GIVE * self.seconds)
        else:
            self.seconds = min(MOST, self.seconds + TAKE)
