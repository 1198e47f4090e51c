"""Langevin's equation, dv = F dt − γ v dt + √(2 γ T) dW, by the splitting BAOAB: kick, fly, stir, fly, (force,) kick.

The stirring is exact: v → c v + √(1 − c²) √T ξ, with c = exp(−γ dt) and ξ normal. Places are then distributed as the
canonical ensemble has them up to fourth order in dt for soft friction (Leimkuhler & Matthews, Appl. Math. Res. Express
2013, 34). Each ξ is a pure function of the key, the step and the molecule's identity.
"""

from typing import Any

import numpy as np

from engine.chance import normals, philox
from engine.kernel import Array, i32, kernel, real, u32
from engine.molecules.motion import flying_molecules


def friction(density: float) -> float:
    """γ [√(ε/m)/σ], about the rate at which molecules of a fluid of this density [1/σ³] meet anyway, and 1 at least.

    Less would let the energy of a dense fluid wander for long, and its pressure with it; more would make it syrup.
    """
    return 1.0 + 5.0 * density


@kernel
def fly_stirred(place: Array(2), velocity: Array(2), force: Array(2), anchor: Array(2), moved: Array(1),
                identity: Array(1, i32), half_step: real, kept: real, stirred: real,
                step: u32, key_0: u32, key_1: u32) -> None:  # fmt: skip
    """Half a kick, half a flight, stirring, half a flight. `kept` is c, `stirred` is √((1 − c²) T)."""
    for i in range(place.shape[1]):
        a, b, c, d = philox(u32(identity[i]), step, 0, 0, key_0, key_1)
        first, second = normals(a, b)
        third, _ = normals(c, d)
        vx = velocity[0, i] + half_step * force[0, i]
        vy = velocity[1, i] + half_step * force[1, i]
        vz = velocity[2, i] + half_step * force[2, i]
        x, y, z = place[0, i] + half_step * vx, place[1, i] + half_step * vy, place[2, i] + half_step * vz
        vx, vy, vz = kept * vx + stirred * first, kept * vy + stirred * second, kept * vz + stirred * third
        x, y, z = x + half_step * vx, y + half_step * vy, z + half_step * vz
        dx, dy, dz = x - anchor[0, i], y - anchor[1, i], z - anchor[2, i]
        moved[i] = dx * dx + dy * dy + dz * dz
        place[0, i], place[1, i], place[2, i] = x, y, z
        velocity[0, i], velocity[1, i], velocity[2, i] = vx, vy, vz


@fly_stirred.example
def fly_stirred_example() -> tuple[Any, ...]:
    """Fifty molecules at step 7."""
    return *flying_molecules(), np.arange(50, dtype=np.int32), 0.001, 0.99, 0.1, 7, 11, 12
