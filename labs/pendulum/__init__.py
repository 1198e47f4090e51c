"""A pendulum on a stand: lengths and periods, and the g that they betray."""

from labs.pendulum.lab import PendulumLab

__all__ = ["PendulumLab"]
