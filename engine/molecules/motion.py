"""Newton's second law by velocity Verlet: v += F dt/2, r += v dt, new F, v += F dt/2 (Swope et al. 1982).

Here is the first half kick with the flight after it; the second half kick comes with the new force. The scheme is
reversible and of second order: what it conserves to fourth order is not the energy H itself but
H + dt² (v·(∇∇U)·v / 12 − F²/24) (Toxvaerd, Phys. Rev. E 50, 2271, 1994), so that H breathes without drifting.
"""

from typing import Any

import numpy as np

from engine.kernel import Array, kernel, real


@kernel
def fly(place: Array(2), velocity: Array(2), force: Array(2), anchor: Array(2), moved: Array(1),
        half_step: real, dt: real) -> None:  # fmt: skip
    """Half a kick and a flight of dt; `moved` is the square of the way since `anchor`."""
    for i in range(place.shape[1]):
        far = 0.0
        for axis in range(3):
            speed = velocity[axis, i] + half_step * force[axis, i]
            there = place[axis, i] + dt * speed
            way = there - anchor[axis, i]
            far += way * way
            velocity[axis, i] = speed
            place[axis, i] = there
        moved[i] = far


def flying_molecules() -> tuple[np.ndarray, ...]:
    """Places, velocities, forces, anchors and squares of ways of fifty molecules in a box of edge 5."""
    generator = np.random.default_rng(3)
    place = generator.uniform(0.01, 4.99, (3, 50))
    velocity, force = generator.normal(size=(2, 3, 50))
    return place, velocity, force, place - 0.1, np.zeros(50)


@fly.example
def fly_example() -> tuple[Any, ...]:
    """Fifty molecules."""
    return *flying_molecules(), 0.001, 0.002
