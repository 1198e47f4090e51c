"""A pendulum as it hangs in a laboratory: I θ″ = −M sin θ − drag of the air − friction at the pivot.

The moment of inertia I counts the finite bob (2/5 mR² about its own centre), the rod (a third of its mass times its
length squared) and half the displaced air, which a sphere drags along (Lamb, Hydrodynamics, §92). M = (m − m_air) g L
plus the rod's share, so that buoyancy counts too. Angles are measured from the lowest point; any amplitude, no
approximation. A string pulls but cannot push: when its tension would be negative the bob flies free.
"""

import math
from dataclasses import dataclass

import numpy as np

from engine.mechanics import swing as motion
from engine.mechanics.drag import CREEP_POWER, cylinder_drag, sphere_drag
from engine.quantity import Choice, Quantity
from engine.solver import Snapshot, Solver, action, observable

STEP = 1e-3  # s, one macro-step
FINENESS = 1 / 0.003  # small steps per radian of phase: the energy of a swing is then kept to about 1e-14
ADDED_MASS = 0.5  # of the displaced fluid's mass, for a sphere in potential flow
STEEPEST = math.radians(179)


@dataclass
class Swinging:
    """Motion, apparatus and the last events, as engine.mechanics.swing numbers them; energy given by hands [J]."""

    motion: np.ndarray
    law: np.ndarray
    mode: np.ndarray
    when: np.ndarray
    part: np.ndarray
    value: np.ndarray
    count: np.ndarray
    seen: np.ndarray
    """Events of each kind before the last release."""
    supplied: float


class Pendulum(Solver):
    """A ball on a rod or a string, swinging in air about a pivot that rubs."""

    precisions = ("f64", "f32")

    length = Quantity("m", default=1.0, low=0.1, high=20.0, symbol="L", live=True,
                      label={"en": "length", "zh": "摆长"},
                      doc={"en": "from the pivot to the centre of the bob", "zh": "从悬点到摆球球心的距离"})
    gravity = Quantity("m/s²", default=9.81, low=0.1, high=100.0, symbol="g", live=True,
                       label={"en": "gravity", "zh": "重力加速度"},
                       doc={"en": "acceleration of free fall at the place", "zh": "当地的自由落体加速度"})
    release_angle = Quantity("rad", default=0.1, low=-STEEPEST, high=STEEPEST, symbol="θ₀", live=True,
                             label={"en": "release angle", "zh": "释放角"},
                             doc={"en": "from the vertical, where the bob is held; it counts at the next release",
                                  "zh": "释放前摆线与竖直方向的夹角；下一次释放时生效"})
    start = Choice(("released", "held"), default="released",
                   label={"en": "at the start", "zh": "初始状态"},
                   doc={"en": "whether the bob is let go at once or held until it is released",
                        "zh": "摆球是立即释放，还是先握住等待释放"})
    suspension = Choice(("rod", "string"), default="rod",
                        label={"en": "suspension", "zh": "悬挂方式"},
                        doc={"en": "a rigid rod, or a string that can go slack", "zh": "刚性杆，或可能松弛的细线"})
    bob_radius = Quantity("m", default=0.0, low=0.0, high=0.08, symbol="R", live=True,
                          label={"en": "radius of the bob", "zh": "摆球半径"},
                          doc={"en": "radius of the ball; zero is a point mass", "zh": "球的半径；零表示质点"})
    bob_mass = Quantity("kg", default=0.1, low=1e-3, high=50.0, symbol="m", live=True,
                        label={"en": "mass of the bob", "zh": "摆球质量"},
                        doc={"en": "mass of the ball, spread evenly through it", "zh": "球的质量，均匀分布"})
    rod_mass = Quantity("kg", default=0.0, low=0.0, high=50.0, symbol="m_r",
                        label={"en": "mass of the rod", "zh": "杆的质量"},
                        doc={"en": "of the uniform rod from the pivot to the ball's surface; a string weighs nothing",
                             "zh": "从悬点到球面的均匀杆的质量；细线不计质量"})
    rod_diameter = Quantity("m", default=0.0, low=0.0, high=0.02, symbol="d",
                            label={"en": "thickness of rod or string", "zh": "杆或线的直径"},
                            doc={"en": "diameter that the air meets", "zh": "迎风的直径"})
    air_density = Quantity("kg/m³", default=0.0, low=0.0, high=100.0, symbol="ρ", live=True,
                           label={"en": "density of the air", "zh": "空气密度"},
                           doc={"en": "1.204 at 20 °C and 1013 hPa; zero is a vacuum: no drag, no buoyancy",
                                "zh": "20 °C、1013 hPa 时为 1.204；零表示真空：无阻力、无浮力"})
    air_viscosity = Quantity("Pa*s", default=1.813e-5, low=1e-6, high=1e-2, symbol="μ",
                             label={"en": "viscosity of the air", "zh": "空气黏度"},
                             doc={"en": "1.813e-5 at 20 °C", "zh": "20 °C 时为 1.813e-5"})
    pivot_friction = Quantity("N*m", default=0.0, low=0.0, high=1.0, symbol="τ", live=True,
                              label={"en": "dry friction at the pivot", "zh": "悬点干摩擦"},
                              doc={"en": "constant torque against the motion, which can also hold the pendulum still",
                                   "zh": "与运动方向相反的恒定力矩，也能使摆静止"})
    pivot_damping = Quantity("N*m*s", default=0.0, low=0.0, high=0.1, symbol="c", live=True,
                             label={"en": "viscous friction at the pivot", "zh": "悬点黏性摩擦"},
                             doc={"en": "torque against the motion per rad/s", "zh": "每单位角速度的阻力矩"})
    pivot_height = Quantity("m", default=1.7, low=0.0, high=25.0, symbol="H",
                            label={"en": "height of the pivot", "zh": "悬点高度"},
                            doc={"en": "above the bench, for the picture alone", "zh": "悬点离台面的高度，仅用于画面"})

    def prepare(self) -> Swinging:
        real = np.dtype(self.precision.replace("f", "float"))
        rings = motion.KINDS, motion.RING
        state = Swinging(np.zeros(motion.MOTION, real), self._law().astype(real), np.zeros(motion.MODE, np.int32),
                         np.zeros(rings, np.int32), np.zeros(rings, real), np.zeros(rings, real),
                         np.zeros(motion.KINDS, np.int32), np.zeros(motion.KINDS, np.int32), 0.0)
        state.motion[motion.ANGLE] = self.release_angle
        state.mode[motion.HELD] = self.start == "held"
        state.supplied = _mechanical(state)
        return state

    @property
    def dt(self) -> float:
        """Seconds per step."""
        return STEP

    def leap(self, steps: int) -> None:
        if self.held:
            return
        now = self.state
        # An ordinary differential equation of two unknowns: the processor is the place for it on every machine.
        swing = motion.swing.numba(self.precision)
        swing(now.motion, now.law, now.mode, now.when, now.part, now.value, now.count, self.steps, steps)

    @property
    def held(self) -> bool:
        """Whether a hand holds the bob at the release angle."""
        return bool(self.state.mode[motion.HELD])

    @property
    def slack(self) -> bool:
        """Whether the string is slack and the bob flies free."""
        return bool(self.state.mode[motion.SLACK])

    @action({"en": "release", "zh": "释放"}, {"en": "let the bob go from rest", "zh": "由静止释放摆球"})
    def release(self) -> None:
        if self.held:
            self.state.mode[motion.HELD] = 0
            self.state.seen[:] = self.state.count

    @action({"en": "hold", "zh": "握住"}, {"en": "take the bob back to the release angle, at rest",
                                         "zh": "把摆球拿回释放角并静止"})
    def hold(self) -> None:
        before = _mechanical(self.state)
        self.state.mode[:] = 1, 0, 0
        self.state.motion[:motion.LOST_AIR] = 0.0
        self.state.motion[motion.ANGLE] = self.release_angle
        self.state.seen[:] = self.state.count
        self.state.supplied += _mechanical(self.state) - before

    def changed(self, name: str) -> None:
        """Hands change the apparatus while it swings; what energy that takes is counted as supplied."""
        now, before, law = self.state, _mechanical(self.state), self.state.law.copy()
        now.law[:] = self._law()
        if self.held:
            now.motion[motion.ANGLE] = self.release_angle
        elif name == "length" and self.slack:
            self._shorten(law)
        elif name == "length":  # pulled along the string: no torque about the pivot, angular momentum stays
            now.motion[motion.RATE] *= law[motion.INERTIA] / now.law[motion.INERTIA]
        now.supplied += _mechanical(now) - before

    def _shorten(self, law: np.ndarray) -> None:
        """A slack string made shorter than the bob is away takes the bob along."""
        place = self.state.motion[motion.X:motion.VX]
        place *= min(1.0, self.length / math.hypot(*place))

    def restore(self, snapshot: Snapshot) -> None:
        super().restore(snapshot)
        for name, array in snapshot.arrays.items():
            setattr(self.state, name, array.copy())  # on the processor, whatever the back end

    def _law(self) -> np.ndarray:
        """The apparatus in the numbers of engine.mechanics.swing."""
        law = np.zeros(motion.LAW)
        rod, length = 0.0 if self.suspension == "string" else self.rod_mass, self.length
        reach = length - self.bob_radius  # of the rod or string
        displaced = self.air_density * 4 / 3 * math.pi * self.bob_radius**3
        heavy, spin = self.bob_mass + ADDED_MASS * displaced, 2 / 5 * self.bob_mass * self.bob_radius**2
        weight = (self.bob_mass - displaced) * self.gravity
        inertia = heavy * length**2 + spin + rod * reach**2 / 3
        law[motion.DT], law[motion.FINE], law[motion.INERTIA], law[motion.SPIN] = STEP, FINENESS, inertia, spin
        law[motion.LENGTH], law[motion.WEIGHT], law[motion.HEAVY] = length, weight, heavy
        law[motion.PULL] = (weight * length + rod * self.gravity * reach / 2) / inertia
        law[motion.VISCOUS], law[motion.DRY] = self.pivot_damping / inertia, self.pivot_friction / inertia
        law[motion.EDGE] = 2 * math.asin(self.bob_radius / (2 * length))  # the bob's centre is a radius off the beam
        law[motion.STRING] = self.suspension == "string"
        self._air(law, reach)
        return law

    def _air(self, law: np.ndarray, reach: float) -> None:
        """Drag in the units of the equations: torque per inertia and rate when taut, force per mass when slack."""
        length, inertia, heavy = law[motion.LENGTH], law[motion.INERTIA], law[motion.HEAVY]
        ball = sphere_drag(self.bob_radius, self.air_density, self.air_viscosity)
        thread = cylinder_drag(self.rod_diameter, reach, self.air_density, self.air_viscosity)
        law[motion.SLOW] = ball.stokes * length**2 / inertia
        law[motion.CREEP] = ball.creep * length ** (2 + CREEP_POWER) / inertia
        law[motion.NEWTON], law[motion.TURN] = ball.newton * length**3 / inertia, ball.turn / length
        law[motion.ROD], law[motion.ROD_CREEP] = thread.square / inertia, thread.creep / inertia
        law[motion.FREE_SLOW], law[motion.FREE_CREEP] = ball.stokes / heavy, ball.creep / heavy
        law[motion.FREE_NEWTON], law[motion.FREE_TURN] = ball.newton / heavy, ball.turn

    def _place(self) -> tuple[float, float]:
        """The bob's centre from the pivot [m]: to the right, and up."""
        now = self.state.motion
        if self.slack:
            return float(now[motion.X]), float(now[motion.Y])
        return self.length * math.sin(now[motion.ANGLE]), -self.length * math.cos(now[motion.ANGLE])

    def _events(self, kind: int) -> np.ndarray:
        """Times [s] of the last events of a kind since the release, oldest first."""
        slots = self._slots(kind)
        return (self.state.when[kind, slots] + self.state.part[kind, slots].astype(float)) * STEP

    def _slots(self, kind: int) -> np.ndarray:
        last = int(self.state.count[kind])
        first = max(int(self.state.seen[kind]), last - motion.RING)
        return np.arange(first, last) % motion.RING

    @observable("rad", {"en": "angle from the lowest point, to the right positive", "zh": "偏离最低点的角度，向右为正"},
                symbol="θ", label={"en": "angle", "zh": "角度"})
    def angle(self) -> float:
        return float(self.state.motion[motion.ANGLE])

    @observable("rad/s", {"en": "rate at which the angle changes", "zh": "角度的变化率"}, symbol="ω",
                label={"en": "angular velocity", "zh": "角速度"})
    def angular_velocity(self) -> float:
        now = self.state.motion
        if self.slack:
            x, y, vx, vy = now[motion.X:motion.VY + 1].tolist()
            return (x * vy - y * vx) / (x * x + y * y)
        return float(now[motion.RATE])

    @observable("rad", {"en": "angle at the last turning point", "zh": "上一个转向点的角度"}, symbol="θ_m",
                label={"en": "amplitude", "zh": "摆角振幅"})
    def amplitude(self) -> float:
        slots = self._slots(motion.TURNED)
        return abs(float(self.state.value[motion.TURNED, slots[-1]])) if slots.size else abs(self.release_angle)

    @observable("m", {"en": "centre of the bob: right, up from the bench, towards you",
                      "zh": "球心的位置：向右、离台面向上、朝向观察者"},
                label={"en": "place of the bob", "zh": "摆球位置"})
    def bob_position(self) -> np.ndarray:
        right, up = self._place()
        return np.array([right, self.pivot_height + up, 0.0])

    @observable("m", {"en": "the pivot, in the same frame as the bob", "zh": "悬点的位置，与摆球同一坐标系"},
                label={"en": "pivot", "zh": "悬点"})
    def pivot(self) -> np.ndarray:
        return np.array([0.0, self.pivot_height, 0.0])

    @observable("m/s", {"en": "speed of the bob's centre", "zh": "球心的速率"}, symbol="v",
                label={"en": "speed of the bob", "zh": "摆球速率"})
    def bob_speed(self) -> float:
        now = self.state.motion
        if self.slack:
            return math.hypot(now[motion.VX], now[motion.VY])
        return abs(float(now[motion.RATE])) * self.length

    @observable("m", {"en": "from the pivot to the top of the bob", "zh": "从悬点到摆球顶端的距离"},
                label={"en": "length of the thread", "zh": "线长"})
    def thread_length(self) -> float:
        return self.length - self.bob_radius

    @observable("m", {"en": "diameter of the ball", "zh": "球的直径"}, symbol="D",
                label={"en": "diameter of the bob", "zh": "摆球直径"})
    def bob_diameter(self) -> float:
        return 2 * self.bob_radius

    @observable("N", {"en": "pull of the rod or string on the bob; a rod may push, below zero",
                      "zh": "杆或线对摆球的拉力；杆可以推，为负值"}, symbol="F", label={"en": "tension", "zh": "张力"})
    def tension(self) -> float:
        now, law = self.state.motion, self.state.law
        if self.slack:
            return 0.0
        inward = law[motion.HEAVY] * law[motion.LENGTH] * now[motion.RATE] ** 2
        pull = float(law[motion.WEIGHT] * math.cos(now[motion.ANGLE]) + inward)
        return max(pull, 0.0) if self.suspension == "string" else pull

    @observable("J", {"en": "energy of motion, the air dragged along included", "zh": "动能，包括被带动的空气"},
                symbol="E_k", label={"en": "kinetic energy", "zh": "动能"})
    def kinetic_energy(self) -> float:
        return _kinetic(self.state)

    @observable("J", {"en": "zero at the lowest point; less the buoyancy", "zh": "以最低点为零；已扣除浮力"},
                symbol="E_p", label={"en": "potential energy", "zh": "势能"})
    def potential_energy(self) -> float:
        return _potential(self.state)

    @observable("J", {"en": "carried off by the air since the start", "zh": "开始以来被空气带走的能量"},
                label={"en": "energy lost to the air", "zh": "空气阻力损耗"})
    def lost_to_air(self) -> float:
        return float(self.state.motion[motion.LOST_AIR])

    @observable("J", {"en": "turned into heat at the pivot since the start", "zh": "开始以来在悬点转化为热的能量"},
                label={"en": "energy lost at the pivot", "zh": "悬点摩擦损耗"})
    def lost_at_pivot(self) -> float:
        return float(self.state.motion[motion.LOST_PIVOT])

    @observable("J", {"en": "lost when a slack string became taut with a jerk", "zh": "细线由松弛突然绷紧时损耗的能量"},
                label={"en": "energy lost in the string", "zh": "细线绷紧损耗"})
    def lost_in_string(self) -> float:
        return float(self.state.motion[motion.LOST_STRING])

    @observable("J", {"en": "given by hands since the start, the first lift included",
                      "zh": "开始以来由手提供的能量，包括最初的抬起"},
                label={"en": "energy supplied", "zh": "外界提供的能量"})
    def energy_supplied(self) -> float:
        return float(self.state.supplied)

    @observable("J", {"en": "what the budget of energy lacks; zero in an exact computation",
                      "zh": "能量收支的差额；精确计算时为零"},
                label={"en": "energy unaccounted for", "zh": "能量收支差额"})
    def energy_imbalance(self) -> float:
        lost = float(self.state.motion[motion.LOST_AIR:].sum())
        return _mechanical(self.state) + lost - float(self.state.supplied)

    @observable("s", {"en": "when the centre last passed the lowest point since the release, oldest first; at most 32",
                      "zh": "释放以来球心经过最低点的时刻，先后排列，最多 32 个"},
                label={"en": "passages", "zh": "经过最低点的时刻"})
    def crossing_times(self) -> np.ndarray:
        return self._events(motion.LOWEST)

    @observable("", {"en": "passages through the lowest point since the release", "zh": "释放以来经过最低点的次数"},
                label={"en": "number of passages", "zh": "经过次数"})
    def crossings(self) -> int:
        return int(self.state.count[motion.LOWEST] - self.state.seen[motion.LOWEST])

    @observable("s", {"en": "when the bob's edge entered a beam at the lowest point since the release; at most 32",
                      "zh": "释放以来摆球前缘进入最低点光束的时刻，最多 32 个"},
                label={"en": "beam blocked", "zh": "挡光时刻"})
    def beam_blocked(self) -> np.ndarray:
        return self._events(motion.BLOCKED)

    @observable("s", {"en": "when the bob's edge left a beam at the lowest point since the release; at most 32",
                      "zh": "释放以来摆球后缘离开最低点光束的时刻，最多 32 个"},
                label={"en": "beam cleared", "zh": "透光时刻"})
    def beam_cleared(self) -> np.ndarray:
        return self._events(motion.CLEARED)

    @observable("m/s", {"en": "speed of the bob when it last passed the lowest point; zero before the first passage",
                        "zh": "上次经过最低点时摆球的速率；首次经过之前为零"},
                label={"en": "passing speed", "zh": "经过最低点的速率"})
    def passage_speed(self) -> float:
        slots = self._slots(motion.LOWEST)
        return abs(float(self.state.value[motion.LOWEST, slots[-1]])) * self.length if slots.size else 0.0

    @observable("s", {"en": "between the last two passages the same way; zero before there are two",
                      "zh": "最近两次同向经过最低点的时间间隔；不足两次时为零"},
                symbol="T", label={"en": "period", "zh": "周期"})
    def period(self) -> float:
        slots = self._slots(motion.LOWEST)
        rates = self.state.value[motion.LOWEST, slots]
        same = self._events(motion.LOWEST)[rates * rates[-1:] > 0] if slots.size else rates
        return float(same[-1] - same[-2]) if same.size > 1 else 0.0


def _kinetic(state: Swinging) -> float:
    now, law = state.motion.astype(float), state.law.astype(float)
    if state.mode[motion.SLACK]:
        flying = law[motion.HEAVY] * (now[motion.VX] ** 2 + now[motion.VY] ** 2)
        return float(flying + law[motion.SPIN] * now[motion.RATE] ** 2) / 2
    return float(law[motion.INERTIA] * now[motion.RATE] ** 2) / 2


def _potential(state: Swinging) -> float:
    now, law = state.motion.astype(float), state.law.astype(float)
    if state.mode[motion.SLACK]:
        return float(law[motion.WEIGHT] * (now[motion.Y] + law[motion.LENGTH]))
    return float(law[motion.PULL] * law[motion.INERTIA] * 2 * math.sin(now[motion.ANGLE] / 2) ** 2)


def _mechanical(state: Swinging) -> float:
    return _kinetic(state) + _potential(state)
