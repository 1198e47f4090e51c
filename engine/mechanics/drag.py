"""How still air resists a sphere and a thin cylinder that cross it slowly or fast.

Sphere: C_D = 24/Re (1 + 0.150 Re^0.681) + 0.407/(1 + 8710/Re), within a few per cent of measurements for Re < 2e5
(Brown and Lawler, J. Environ. Eng. 129, 222, 2003; its first term is Stokes' 6πμRv). Cylinder across the stream:
C_D = 1 + 10 Re^(−2/3) (White, Viscous Fluid Flow, 2nd ed. 1991, eq. 3-225). Both are drag in steady flow: the extra
drag of a boundary layer that the swing itself builds up (Stokes 1851, Basset) is left out.
"""

from math import pi
from typing import NamedTuple

from engine.kernel import function

CREEP, CREEP_POWER = 0.150, 0.681
NEWTON, NEWTON_TURN = 0.407, 8710.0
CYLINDER, CYLINDER_CREEP = 1.0, 10.0
CREEPING = 1e-6  # a Reynolds number so small that inertia of the air cannot be told


class SphereDrag(NamedTuple):
    """F(v) = stokes v + creep v^1.681 + newton v³/(v + turn) [N], v in m/s."""

    stokes: float
    creep: float
    newton: float
    turn: float


class CylinderDrag(NamedTuple):
    """Torque of a rod that turns about its end at ω: square ω² + creep ω^(4/3) [N m], ω in rad/s."""

    square: float
    creep: float


def sphere_drag(radius: float, density: float, viscosity: float) -> SphereDrag:
    """For a sphere of `radius` [m] in a fluid of `density` [kg/m³] and `viscosity` [Pa s]; none in a vacuum."""
    if density == 0:
        return SphereDrag(0.0, 0.0, 0.0, 1.0)
    reynolds = 2 * density * radius / viscosity  # per m/s
    stokes = 6 * pi * viscosity * radius
    if reynolds < CREEPING:
        return SphereDrag(stokes, 0.0, 0.0, 1.0)
    area = pi * radius**2
    creep = stokes * CREEP * reynolds**CREEP_POWER
    return SphereDrag(stokes, creep, density * area * NEWTON / 2, NEWTON_TURN / reynolds)


def cylinder_drag(diameter: float, length: float, density: float, viscosity: float) -> CylinderDrag:
    """For a rod of `diameter` and `length` [m] about its end: ½ρ C_D (ωs)² ds times its arm s, summed over the rod."""
    reynolds = density * diameter * length / viscosity  # of the rod's far end, per rad/s
    if reynolds < CREEPING:
        return CylinderDrag(0.0, 0.0)
    scale = density * diameter * length**4 / 2
    return CylinderDrag(scale * CYLINDER / 4, scale * CYLINDER_CREEP * 3 / 10 * reynolds ** (-2 / 3))


@function
def sphere_force(speed, stokes, creep, newton, turn):  # type: ignore[no-untyped-def]
    """Drag on the sphere [N] at a speed that is not negative."""
    return stokes * speed + creep * speed**1.681 + newton * speed * speed * speed / (speed + turn)


@function
def cylinder_torque(rate, square, creep):  # type: ignore[no-untyped-def]
    """Torque of the drag on the rod [N m] at a rate that is not negative."""
    return square * rate * rate + creep * rate ** (4.0 / 3.0)
