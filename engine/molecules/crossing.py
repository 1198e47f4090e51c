"""Molecules that cross the cutoff in mid-step: J = F(r_c) dt (½ − δ) for those that enter, the opposite for leavers.

A shifted potential is continuous, but its force jumps at the cutoff. Velocity Verlet gives a pair that crosses half a
step's worth of that force, whenever within the step it crosses; the energy would take a random step each time and
wander off by 1e-5 in an hour of such steps. Flights are straight, so the part δ of the step before the crossing is
known, and with it the impulse that is missing.
"""

from typing import Any

import numpy as np

from engine.kernel import Array, i32, kernel, real
from engine.molecules.forces import few_molecules, nearest


@kernel
def mend(place: Array(2), before: Array(2), velocity: Array(2), near: Array(2, i32), count: Array(1, i32),
         period: real, per_period: real, cutoff: real, impulse: real) -> None:  # fmt: skip
    """Give the missing impulses after a flight from `before` to `place`. `impulse` is u'(r_c) dt."""
    for i in range(place.shape[1]):
        jx, jy, jz = 0.0, 0.0, 0.0
        edge = cutoff * cutoff
        for k in range(count[i]):
            j = near[i, k]
            x0 = nearest(before[0, i] - before[0, j], period, per_period)
            y0 = nearest(before[1, i] - before[1, j], period, per_period)
            z0 = nearest(before[2, i] - before[2, j], period, per_period)
            x = nearest(place[0, i] - place[0, j], period, per_period)
            y = nearest(place[1, i] - place[1, j], period, per_period)
            z = nearest(place[2, i] - place[2, j], period, per_period)
            first, last = x0 * x0 + y0 * y0 + z0 * z0, x * x + y * y + z * z
            passed = (edge - first) * (edge - last) < 0.0
            outside = (edge - first) / (last - first) if passed else 0.5
            missing = 0.5 - outside if first > edge else outside - 0.5
            jx -= impulse * missing * x / cutoff
            jy -= impulse * missing * y / cutoff
            jz -= impulse * missing * z / cutoff
        velocity[0, i] += jx
        velocity[1, i] += jy
        velocity[2, i] += jz


@mend.example(f32=1e-4)
def mend_example() -> tuple[Any, ...]:
    """A long step, so that many pairs cross."""
    place, near, count = few_molecules()
    generator = np.random.default_rng(8)
    before = place + generator.normal(scale=0.1, size=place.shape)
    return place, before, np.zeros_like(place), near, count, 5.0, 0.2, 2.4, 1.0
