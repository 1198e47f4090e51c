"""The motion of a pendulum: θ″ = −(M/I) sin θ ∓ losses(|θ′|), and of its bob while the string is slack.

Classical Runge–Kutta steps of order four, as many within a macro-step as the motion needs (0.003 rad of phase each).
What breaks the smoothness ends a step exactly where it happens, found by bisection: a turning point (friction changes
its sign there, and dry friction may hold the pendulum), a string that goes slack because its tension would be negative,
and the jerk with which it becomes taut again, taken as perfectly inelastic along the string. Passages through the
lowest point, of the bob's two edges through a beam there, and turning points are noted with their time.
"""

from math import pi
from typing import Any

import numpy as np

from engine.kernel import Array, atan2, ceil, cos, floor, function, i32, kernel, real, sin, sqrt
from engine.mechanics.drag import cylinder_drag, cylinder_torque, sphere_drag, sphere_force

# motion: angle [rad] and rate [rad/s]; while slack, place [m] from the pivot and velocity [m/s]; energies lost [J]
ANGLE, RATE, X, Y, VX, VY, LOST_AIR, LOST_PIVOT, LOST_STRING, MOTION = range(10)
# law: the apparatus. Taut, per moment of inertia and in rates; slack (FREE_…), per mass and in speeds; SI units
(DT, FINE, PULL, SLOW, CREEP, NEWTON, TURN, ROD, ROD_CREEP, VISCOUS, DRY, INERTIA, LENGTH, WEIGHT, HEAVY, SPIN,
 FREE_SLOW, FREE_CREEP, FREE_NEWTON, FREE_TURN, EDGE, STRING, LAW) = range(23)  # fmt: skip
HELD, SLACK, LOOSENED, MODE = range(4)  # loosened: the tension has just come down to zero
LOWEST, BLOCKED, CLEARED, TURNED, KINDS = range(5)
RING = 32  # events of each kind that are remembered
PIECES = 64  # smooth pieces that one small step may fall into
BISECTIONS = 60
FINEST = 20000  # small steps per macro-step
FULL_TURN = 2 * pi


@function
def turning(angle, rate, way, pull, slow, creep, newton, turn, rod, rod_creep, viscous, dry):  # type: ignore[no-untyped-def]
    """Angular acceleration [rad/s²] while turning the `way` ±1, and the losses to air and pivot [W per kg m²]."""
    speed = max(way * rate, 0.0)
    air = sphere_force(speed, slow, creep, newton, turn) + cylinder_torque(speed, rod, rod_creep)
    pivot = viscous * speed + dry
    return -pull * sin(angle) - way * (air + pivot), air * speed, pivot * speed


@function
def swung(angle, rate, way, h, pull, slow, creep, newton, turn, rod, rod_creep, viscous, dry):  # type: ignore[no-untyped-def]
    """One Runge–Kutta step of `h` seconds: the angle and rate after it, and the losses on the way [J per kg m²]."""
    speed, push, air, pivot = 0.0 * h, 0.0 * h, 0.0 * h, 0.0 * h  # slopes of the last stage, and losses
    new_angle, new_rate = angle, rate
    for stage in range(4):
        ahead = 0.5 * h if stage < 3 else h
        weight = h / 6.0 if stage == 0 or stage == 3 else h / 3.0
        at_angle, at_rate = angle + ahead * speed, rate + ahead * push  # no slope yet, hence no way, in the first
        push, to_air, to_pivot = turning(
            at_angle, at_rate, way, pull, slow, creep, newton, turn, rod, rod_creep, viscous, dry
        )
        speed = at_rate
        new_angle += weight * speed
        new_rate += weight * push
        air += weight * to_air
        pivot += weight * to_pivot
    return new_angle, new_rate, air, pivot


@function
def flown(x, y, vx, vy, h, gravity, slow, creep, newton, turn):  # type: ignore[no-untyped-def]
    """One Runge–Kutta step of the free bob: place and velocity after it, and the loss to the air [J per kg]."""
    ux, uy, ax, ay, air = 0.0 * h, 0.0 * h, 0.0 * h, 0.0 * h, 0.0 * h
    new_x, new_y, new_vx, new_vy = x, y, vx, vy
    for stage in range(4):
        ahead = 0.5 * h if stage < 3 else h
        weight = h / 6.0 if stage == 0 or stage == 3 else h / 3.0
        ux, uy = vx + ahead * ax, vy + ahead * ay
        speed = sqrt(ux * ux + uy * uy)
        drag = sphere_force(speed, slow, creep, newton, turn)
        braking = drag / max(speed, 1e-30)
        ax, ay = -braking * ux, -braking * uy - gravity
        new_x += weight * ux
        new_y += weight * uy
        new_vx += weight * ax
        new_vy += weight * ay
        air += weight * drag * speed
    return new_x, new_y, new_vx, new_vy, air


@function
def heading(angle, rate, pull, dry):  # type: ignore[no-untyped-def]
    """+1 or −1, the way it turns or begins to turn; 0 when dry friction holds it."""
    way = 0.0 * rate
    if rate > 0.0 or (rate == 0.0 and -pull * sin(angle) > dry):
        way = 1.0 + way
    elif rate < 0.0 or (rate == 0.0 and pull * sin(angle) > dry):
        way = way - 1.0
    return way


@function
def passed(before, after, mark):  # type: ignore[no-untyped-def]
    """+1 or −1 when an angle passed the mark upwards or downwards, arriving at it included; else 0."""
    up = 1 if before < mark and mark <= after else 0
    down = 1 if after <= mark and mark < before else 0
    return up - down


@function
def swung_until(  # type: ignore[no-untyped-def]
    angle, rate, way, left, string, weight, heavy, pull, slow, creep, newton, turn, rod, rod_creep, viscous, dry
):
    """As `swung`, but at most to where it stops turning (outcome 1) or its string goes slack (2): ends, time used."""
    low, high, h = 0.0 * left, left, left
    new_angle, new_rate, air, pivot = angle, rate, 0.0 * left, 0.0 * left
    outcome, trial, trials = 0, 0, 1
    while trial < trials:
        new_angle, new_rate, air, pivot = swung(
            angle, rate, way, h, pull, slow, creep, newton, turn, rod, rod_creep, viscous, dry
        )
        over = 1 if way * new_rate < 0.0 else 0
        if string > 0.0 and weight * cos(new_angle) + heavy * new_rate * new_rate < 0.0:
            over = 2
        if over > 0:
            outcome, trials, high = over, BISECTIONS, h
        else:
            low = h
        trial += 1
        h = 0.5 * (low + high) if trial < trials - 1 else high
    return new_angle, new_rate * real(1 - outcome % 2), air, pivot, high, outcome


@function
def flown_until(x, y, vx, vy, left, length, gravity, slow, creep, newton, turn):  # type: ignore[no-untyped-def]
    """As `flown`, but at most to where the string becomes taut (outcome 1): ends, time used."""
    low, high, h = 0.0 * left, left, left
    new_x, new_y, new_vx, new_vy, air = x, y, vx, vy, 0.0 * left
    outcome, trial, trials = 0, 0, 1
    while trial < trials:
        new_x, new_y, new_vx, new_vy, air = flown(x, y, vx, vy, h, gravity, slow, creep, newton, turn)
        outward = new_x * new_vx + new_y * new_vy > 0.0
        if outward and new_x * new_x + new_y * new_y > length * length:
            outcome, trials, high = 1, BISECTIONS, h
        else:
            low = h
        trial += 1
        h = 0.5 * (low + high) if trial < trials - 1 else high
    return new_x, new_y, new_vx, new_vy, air, high, outcome


@function
def reached(angle, rate, way, left, mark, pull, slow, creep, newton, turn, rod, rod_creep, viscous, dry):  # type: ignore[no-untyped-def]
    """The time within `left` at which the angle reaches a mark that is passed, and the rate there."""
    low, high, new_rate = 0.0 * left, left, rate
    for _ in range(BISECTIONS):
        h = 0.5 * (low + high)
        new_angle, now_rate, _air, _pivot = swung(
            angle, rate, way, h, pull, slow, creep, newton, turn, rod, rod_creep, viscous, dry
        )
        new_rate = now_rate
        if way * (new_angle - mark) < 0.0:
            low = h
        else:
            high = h
    return high, new_rate


@kernel(serial=True)
def swing(motion: Array(1), law: Array(1), mode: Array(1, i32), when: Array(2, i32), part: Array(2), value: Array(2),
          count: Array(1, i32), first: i32, steps: i32) -> None:  # fmt: skip
    """Advance by `steps` macro-steps, the first of which is number `first`.

    An event of a kind lies `part` of a macro-step after step `when`; `value` is the rate at a passage [rad/s], the
    angle at a turning point [rad]. `count` counts the events of each kind since the beginning.
    """
    for step in range(first, first + steps):
        fast = abs(motion[RATE])
        damping = law[VISCOUS] + law[SLOW] + (law[CREEP] + law[NEWTON] + law[ROD] + law[ROD_CREEP]) * (1.0 + fast)
        quick = max(sqrt(abs(law[PULL])), fast) + 0.05 * damping
        small = min(max(int(ceil(law[DT] * quick * law[FINE])), 1), FINEST)
        h = law[DT] / real(small)
        for sub in range(small):
            left = h
            piece = 0
            while left > 0.0 and piece < PIECES:
                piece += 1
                angle, rate = motion[ANGLE], motion[RATE]
                elapsed = real(sub) * h + (h - left)
                tension = law[WEIGHT] * cos(angle) + law[HEAVY] * law[LENGTH] * rate * rate
                if mode[LOOSENED] == 1 or (mode[SLACK] == 0 and law[STRING] > 0.0 and tension < 0.0):
                    mode[SLACK], mode[LOOSENED] = 1, 0
                    motion[X], motion[Y] = law[LENGTH] * sin(angle), -law[LENGTH] * cos(angle)
                    motion[VX], motion[VY] = -motion[Y] * rate, motion[X] * rate
                if mode[SLACK] == 1:
                    x, y, vx, vy, air, used, taut = flown_until(
                        motion[X], motion[Y], motion[VX], motion[VY], left, law[LENGTH],
                        law[WEIGHT] / law[HEAVY], law[FREE_SLOW], law[FREE_CREEP], law[FREE_NEWTON], law[FREE_TURN],
                    )  # fmt: skip
                    left -= used
                    motion[X], motion[Y], motion[VX], motion[VY] = x, y, vx, vy
                    motion[LOST_AIR] += law[HEAVY] * air
                    motion[ANGLE] = atan2(x, -y)
                    if taut == 1:
                        mode[SLACK] = 0
                        across = vx * cos(motion[ANGLE]) + vy * sin(motion[ANGLE])
                        kept = (law[HEAVY] * law[LENGTH] * across + law[SPIN] * rate) / law[INERTIA]
                        before = law[HEAVY] * (vx * vx + vy * vy) + law[SPIN] * rate * rate
                        motion[LOST_STRING] += 0.5 * (before - law[INERTIA] * kept * kept)
                        motion[RATE] = kept
                else:
                    way = heading(angle, rate, law[PULL], law[DRY])
                    if way == 0.0:
                        left = 0.0 * h
                    else:
                        new_angle, new_rate, air, pivot, used, outcome = swung_until(
                            angle, rate, way, left, law[STRING], law[WEIGHT], law[HEAVY] * law[LENGTH], law[PULL],
                            law[SLOW], law[CREEP], law[NEWTON], law[TURN], law[ROD], law[ROD_CREEP], law[VISCOUS],
                            law[DRY],
                        )  # fmt: skip
                        left -= used
                        motion[ANGLE], motion[RATE] = new_angle, new_rate
                        motion[LOST_AIR] += law[INERTIA] * air
                        motion[LOST_PIVOT] += law[INERTIA] * pivot
                        mode[LOOSENED] = outcome // 2
                        if outcome == 1:
                            slot = count[TURNED] % RING
                            when[TURNED, slot], part[TURNED, slot] = step, (elapsed + used) / law[DT]
                            value[TURNED, slot] = new_angle
                            count[TURNED] += 1
                        bottom = FULL_TURN * floor((angle + 0.5 * FULL_TURN) / FULL_TURN)
                        for side in range(3):
                            mark = bottom + (real(side) - 1.0) * law[EDGE]
                            up = passed(angle, new_angle, mark)
                            if up != 0:
                                at, at_rate = reached(
                                    angle, rate, way, used, mark, law[PULL], law[SLOW], law[CREEP], law[NEWTON],
                                    law[TURN], law[ROD], law[ROD_CREEP], law[VISCOUS], law[DRY],
                                )  # fmt: skip
                                kind = LOWEST
                                if side != 1:
                                    kind = BLOCKED if up == 1 - side else CLEARED
                                slot = count[kind] % RING
                                when[kind, slot], part[kind, slot] = step, (elapsed + at) / law[DT]
                                value[kind, slot] = at_rate
                                count[kind] += 1


@swing.example(f32=3e-3, f64=1e-10)  # `part` is a difference of times within a step, hence the loss of digits
def swing_example() -> tuple[Any, ...]:
    """A brass ball on a string in air with a rusty pivot, let go at 2 rad: it falls, jerks, passes and turns."""
    motion, law = np.zeros(MOTION), np.zeros(LAW)
    motion[ANGLE] = 2.0
    ball, string = sphere_drag(0.02, 1.2, 1.8e-5), cylinder_drag(1e-3, 1.0, 1.2, 1.8e-5)
    inertia, mass = 0.3, 0.3
    law[[DT, FINE, PULL, INERTIA, LENGTH, EDGE, STRING]] = 1e-3, 300, 9.8, inertia, 1.0, 0.04, 1
    law[[WEIGHT, HEAVY]] = 9.8 * mass, mass
    law[[SLOW, CREEP, NEWTON, TURN]] = np.array(ball) / [inertia, inertia, inertia, 1.0]
    law[[ROD, ROD_CREEP, VISCOUS, DRY]] = string.square / inertia, string.creep / inertia, 0.01, 0.02
    law[[FREE_SLOW, FREE_CREEP, FREE_NEWTON, FREE_TURN]] = np.array(ball) / [mass, mass, mass, 1.0]
    rings = np.zeros((KINDS, RING), np.int32), np.zeros((KINDS, RING)), np.zeros((KINDS, RING))
    return motion, law, np.zeros(MODE, np.int32), *rings, np.zeros(KINDS, np.int32), 0, 3300
