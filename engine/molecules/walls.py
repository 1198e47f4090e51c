"""Flight between hard plane walls, one of them a moving piston: w' − u = −(w − u), w along the normal, u the wall's.

The walls stop the centres of the molecules: at x = 0 and at the piston, at y and z = 0 and at the box's edge. Between
two kicks molecules fly straight, so every hit happens at its exact moment within the step. A smooth wall reflects. A
thermal one sends molecules back with the speeds of a gas at its own temperature that flows out of a hole: √T √(−2 ln U)
along the normal, √T times a normal deviate along the wall (Tehver et al., Phys. Rev. E 57, R17, 1998).
"""

from typing import Any

import numpy as np

from engine.chance import FULL_TURN, philox, uniform
from engine.kernel import Array, cos, function, i32, kernel, log, real, sin, sqrt, u32
from engine.molecules.motion import flying_molecules

NEVER = 1e30
MOST_HITS = 8  # of one molecule in one step; a corner takes three
BOUNCE = 1  # tells these draws of chance from those of the thermostat


@function
def until(gap: real, speed: real) -> real:
    """Time in which a gap closes at a speed; never, if it does not close."""
    return max(gap, 0.0) / speed if speed > 0.0 else NEVER


@function
def sent_back(
    normal: real, along: real, across: real, hot: real, one: u32, two: u32, three: u32
) -> tuple[real, real, real]:
    """Velocity after a hit, outwards and along the wall; `normal` is how fast the wall was hit. Chance gives words."""
    speed, turn = hot * sqrt(-2.0 * log(uniform(two))), FULL_TURN * uniform(three)
    back = hot * sqrt(-2.0 * log(uniform(one))) if hot > 0.0 else normal
    first = speed * cos(turn) if hot > 0.0 else along
    second = speed * sin(turn) if hot > 0.0 else across
    return back, first, second


@kernel
def fly_between_walls(
    place: Array(2), velocity: Array(2), force: Array(2), anchor: Array(2), moved: Array(1), identity: Array(1, i32),
    struck: Array(2), half_step: real, dt: real, edge: real, piston: real, piston_speed: real, hot: real,
    step: u32, key_0: u32, key_1: u32) -> None:  # fmt: skip
    """Half a kick, then a flight of dt. `hot` is √T of thermal walls, 0 of smooth ones; `piston` is where it begins.

    `struck` gathers the momentum that each molecule gives to the piston (row 0) and to the other walls (row 1);
    `moved` is the square of the way since `anchor`.
    """
    for i in range(place.shape[1]):
        x, y, z = place[0, i], place[1, i], place[2, i]
        vx = velocity[0, i] + half_step * force[0, i]
        vy = velocity[1, i] + half_step * force[1, i]
        vz = velocity[2, i] + half_step * force[2, i]
        left = dt
        for hit in range(MOST_HITS):
            if left > 0.0:
                to_piston = until(piston + piston_speed * (dt - left) - x, vx - piston_speed)
                to_back = until(x, -vx)
                to_y = until(edge - y if vy > 0.0 else y, abs(vy))
                to_z = until(edge - z if vz > 0.0 else z, abs(vz))
                soonest = min(min(to_piston, to_back), min(to_y, to_z))
                flight = min(left, soonest)
                x, y, z = x + vx * flight, y + vy * flight, z + vz * flight
                left -= flight
                if soonest == flight:
                    one, two, three, _ = philox(u32(identity[i]), step, u32(hit), BOUNCE, key_0, key_1)
                    if soonest == to_piston:
                        came = vx - piston_speed
                        back, vy, vz = sent_back(came, vy, vz, hot, one, two, three)
                        struck[0, i] += came + back
                        x, vx = piston + piston_speed * (dt - left), piston_speed - back
                    elif soonest == to_back:
                        came = -vx
                        back, vy, vz = sent_back(came, vy, vz, hot, one, two, three)
                        struck[1, i] += came + back
                        x, vx = 0.0, back
                    elif soonest == to_y:
                        came = abs(vy)
                        back, vz, vx = sent_back(came, vz, vx, hot, one, two, three)
                        struck[1, i] += came + back
                        y = edge if vy > 0.0 else 0.0
                        vy = -back if vy > 0.0 else back
                    else:
                        came = abs(vz)
                        back, vx, vy = sent_back(came, vx, vy, hot, one, two, three)
                        struck[1, i] += came + back
                        z = edge if vz > 0.0 else 0.0
                        vz = -back if vz > 0.0 else back
        x, y, z = max(min(x, piston + piston_speed * dt), 0.0), max(min(y, edge), 0.0), max(min(z, edge), 0.0)
        dx, dy, dz = x - anchor[0, i], y - anchor[1, i], z - anchor[2, i]
        moved[i] = dx * dx + dy * dy + dz * dz
        place[0, i], place[1, i], place[2, i] = x, y, z
        velocity[0, i], velocity[1, i], velocity[2, i] = vx, vy, vz


@fly_between_walls.example
def fly_between_walls_example() -> tuple[Any, ...]:
    """Thermal walls, the piston coming in, half of all molecules hitting something."""
    identity, struck = np.arange(50, dtype=np.int32), np.zeros((2, 50))
    return *flying_molecules(), identity, struck, 0.05, 1.0, 5.0, 5.0, -0.1, 1.2, 7, 11, 12
