"""The Lennard-Jones force: u(r) = 4 (r⁻¹² − r⁻⁶), in units of ε and σ, cut off at r_c.

`plain` truncation leaves u as it is up to r_c; `shifted` subtracts u(r_c); `force_shifted` subtracts also
(r − r_c) u'(r_c), so that energy and force both end at zero (Allen & Tildesley, Computer Simulation of Liquids,
2nd ed. 2017, §5.2.3). Every molecule gathers from all its neighbours, so nothing is written twice.
"""

import math
from typing import Any

import numpy as np

from engine.kernel import Array, floor, function, i32, kernel, real, sqrt

CORE = 0.01  # square of the distance below which forces grow no more [σ²]; no molecule ever comes so close


def pair_energy(distance: float) -> float:
    """Untruncated u(r) [ε]."""
    return 4.0 * (distance**-12 - distance**-6)


def pair_slope(distance: float) -> float:
    """Untruncated du/dr [ε/σ]."""
    return -24.0 * (2.0 * distance**-13 - distance**-7)


def tail_energy(density: float, cutoff: float) -> float:
    """Energy per molecule of a uniform fluid beyond the cutoff [ε] (Allen & Tildesley, eq. 2.144)."""
    return 8.0 / 3.0 * math.pi * density * (cutoff**-9 / 3.0 - cutoff**-3)


def tail_pressure(density: float, cutoff: float) -> float:
    """Pressure of a uniform fluid from beyond the cutoff [ε/σ³] (Allen & Tildesley, eq. 2.145)."""
    return 16.0 / 3.0 * math.pi * density**2 * (2.0 / 3.0 * cutoff**-9 - cutoff**-3)


@function
def nearest(distance: real, period: real, per_period: real) -> real:
    """One component of the way to the nearest image; with per_period = 0 there are no images."""
    return distance - period * floor(distance * per_period + 0.5)


@kernel
def push(place: Array(2), velocity: Array(2), force: Array(2), near: Array(2, i32), count: Array(1, i32),
         period: real, per_period: real, cutoff: real, end_slope: real, half_step: real) -> None:  # fmt: skip
    """Forces on all molecules, and the half kick that they give; `end_slope` is u'(r_c) for shifted forces, else 0."""
    for i in range(place.shape[1]):
        x, y, z = place[0, i], place[1, i], place[2, i]
        fx, fy, fz = 0.0, 0.0, 0.0
        for k in range(count[i]):
            j = near[i, k]
            dx = nearest(x - place[0, j], period, per_period)
            dy = nearest(y - place[1, j], period, per_period)
            dz = nearest(z - place[2, j], period, per_period)
            square = dx * dx + dy * dy + dz * dz
            inverse = 1.0 / max(square, CORE)
            sixth = inverse * inverse * inverse
            strength = inverse * sixth * (48.0 * sixth - 24.0) + end_slope * sqrt(inverse)
            strength = strength if square < cutoff * cutoff else 0.0
            fx += strength * dx
            fy += strength * dy
            fz += strength * dz
        force[0, i] = fx
        force[1, i] = fy
        force[2, i] = fz
        velocity[0, i] += half_step * fx
        velocity[1, i] += half_step * fy
        velocity[2, i] += half_step * fz


@kernel
def weigh(place: Array(2), energy: Array(1), virial: Array(1), near: Array(2, i32), count: Array(1, i32),
          period: real, per_period: real, cutoff: real, end_energy: real, end_slope: real) -> None:  # fmt: skip
    """Potential energy and virial Σ r·F of every molecule: half of what its pairs have.

    `end_energy` is u(r_c) for shifted potentials, else 0.
    """
    for i in range(place.shape[1]):
        x, y, z = place[0, i], place[1, i], place[2, i]
        held, strain = 0.0, 0.0
        for k in range(count[i]):
            j = near[i, k]
            dx = nearest(x - place[0, j], period, per_period)
            dy = nearest(y - place[1, j], period, per_period)
            dz = nearest(z - place[2, j], period, per_period)
            square = dx * dx + dy * dy + dz * dz
            inverse = 1.0 / max(square, CORE)
            sixth = inverse * inverse * inverse
            distance = sqrt(square)
            u = 4.0 * sixth * (sixth - 1.0) - end_energy - (distance - cutoff) * end_slope
            strength = inverse * sixth * (48.0 * sixth - 24.0) + end_slope * sqrt(inverse)
            held += u if square < cutoff * cutoff and j != i else 0.0
            strain += strength * square if square < cutoff * cutoff else 0.0
        energy[i] = 0.5 * held
        virial[i] = 0.5 * strain


@kernel
def bend(place: Array(2), velocity: Array(2), bending: Array(1), near: Array(2, i32), count: Array(1, i32),
         period: real, per_period: real, cutoff: real, end_slope: real) -> None:  # fmt: skip
    """The curvature v·(∇∇U)·v of the potential energy along the motion, each molecule's half of its pairs.

    A pair has (u'' − u'/r) (v·r/r)² + u'/r v², with r and v the distance and the velocity between the two.
    """
    for i in range(place.shape[1]):
        total = 0.0
        for k in range(count[i]):
            j = near[i, k]
            dx = nearest(place[0, i] - place[0, j], period, per_period)
            dy = nearest(place[1, i] - place[1, j], period, per_period)
            dz = nearest(place[2, i] - place[2, j], period, per_period)
            vx, vy = velocity[0, i] - velocity[0, j], velocity[1, i] - velocity[1, j]
            vz = velocity[2, i] - velocity[2, j]
            square = dx * dx + dy * dy + dz * dz
            inverse = 1.0 / max(square, CORE)
            sixth = inverse * inverse * inverse
            along = dx * vx + dy * vy + dz * vz
            strength = inverse * sixth * (48.0 * sixth - 24.0) + end_slope * sqrt(inverse)  # this is −u'/r
            stiffness = inverse * sixth * (624.0 * sixth - 168.0)  # this is u''
            curve = (stiffness + strength) * inverse * along * along - strength * (vx * vx + vy * vy + vz * vz)
            total += curve if square < cutoff * cutoff else 0.0
        bending[i] = 0.5 * total


def few_molecules() -> tuple[Any, ...]:
    """Forty molecules in a periodic box of edge 5 and everybody's list of all others."""
    corners = np.stack(np.meshgrid(*[np.arange(4) * 1.25] * 3, indexing="ij")).reshape(3, -1)[:, :40]
    place = corners + np.random.default_rng(1).uniform(-0.1, 0.1, corners.shape)
    near = np.array([[j for j in range(40) if j != i] for i in range(40)], dtype=np.int32)
    return place, near, np.full(40, 39, np.int32)


@push.example(f32=1e-4)
def push_example() -> tuple[Any, ...]:
    """Forces of forty molecules, all of whom kick."""
    place, near, count = few_molecules()
    velocity = np.random.default_rng(2).normal(size=place.shape)
    return place, velocity, np.zeros_like(place), near, count, 5.0, 0.2, 2.4, 0.05, 0.001


@weigh.example(f32=1e-4)
def weigh_example() -> tuple[Any, ...]:
    """Energies under a potential shifted in both ways."""
    place, near, count = few_molecules()
    return place, np.zeros(40), np.zeros(40), near, count, 5.0, 0.2, 2.4, -0.02, 0.05


@bend.example(f32=1e-4)
def bend_example() -> tuple[Any, ...]:
    """Curvatures of forty moving molecules."""
    place, near, count = few_molecules()
    velocity = np.random.default_rng(2).normal(size=place.shape)
    return place, velocity, np.zeros(40), near, count, 5.0, 0.2, 2.4, 0.05
