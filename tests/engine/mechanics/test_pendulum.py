"""The pendulum beside its closed forms, the law of energy, and an independent integrator."""

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.special import ellipk

from engine.errors import Refusal
from engine.mechanics import swing as motion
from engine.mechanics.pendulum import Pendulum
from engine.solver import Snapshot

approx = pytest.approx

BRASS: dict[str, Any] = {"bob_radius": 0.02, "bob_mass": 0.2848, "air_density": 1.204, "rod_diameter": 5e-4}


def small_period(pendulum: Pendulum) -> float:
    """2π √(I/M) of a physical pendulum, from its parameters."""
    p = pendulum
    reach = p.length - p.bob_radius
    inertia = p.bob_mass * (p.length**2 + 0.4 * p.bob_radius**2) + p.rod_mass * reach**2 / 3
    return 2 * math.pi * math.sqrt(inertia / (p.gravity * (p.bob_mass * p.length + p.rod_mass * reach / 2)))


def stretch(angle: float) -> float:
    """T/T₀ at any amplitude: 2/π K(sin² θ₀/2) (Landau and Lifshitz, Mechanics, §11)."""
    return float(2 / math.pi * ellipk(math.sin(angle / 2) ** 2))


@pytest.mark.parametrize(("degrees", "published"), [(60, 1.0731820), (90, 1.18034), (10, 1.0019072)])
def test_period_at_large_amplitude(degrees: float, published: float) -> None:
    pendulum = Pendulum(release_angle=math.radians(degrees))
    pendulum.advance(8000)
    ratio = pendulum.observe("period") / small_period(pendulum)
    assert ratio == approx(published, abs=6e-6)  # the digits given in the references
    assert ratio == approx(stretch(math.radians(degrees)), rel=1e-11)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.2, 5), st.floats(1.6, 30), st.floats(0.02, math.radians(179)), st.floats(0, 0.05), st.floats(0, 0.3))
def test_period_of_any_pendulum_without_losses(
    length: float, gravity: float, angle: float, radius: float, rod: float
) -> None:
    pendulum = Pendulum(length=length, gravity=gravity, release_angle=angle, bob_radius=radius, rod_mass=rod)
    expected = small_period(pendulum) * stretch(angle)
    pendulum.advance(int(1.8 * expected / pendulum.dt) + 2)
    assert pendulum.observe("period") == approx(expected, rel=1e-9)
    assert pendulum.observe("crossing_times")[0] == approx(expected / 4, rel=1e-9)
    assert abs(pendulum.observe("energy_imbalance")) < 1e-9 * pendulum.observe("energy_supplied")


def test_errors_fall_with_the_fourth_power_of_the_small_step() -> None:
    errors = []
    for fineness in (12.0, 24.0):  # four and eight small steps in 10 ms, at every speed of this swing
        pendulum = Pendulum(length=0.1, gravity=100.0, release_angle=0.5)
        pendulum.state.law[motion.FINE] = fineness
        pendulum.state.law[motion.DT] = 0.01
        pendulum.advance(100)
        exact = Pendulum(length=0.1, gravity=100.0, release_angle=0.5)
        exact.advance(1000)
        errors.append(abs(pendulum.observe("angle") - exact.observe("angle")))
    assert math.log2(errors[0] / errors[1]) == approx(4, abs=0.4)


def test_bob_position_and_beam_edges_are_where_geometry_puts_them() -> None:
    pendulum = Pendulum(release_angle=0.3, bob_radius=0.02, length=0.8)
    assert pendulum.observe("bob_position") == approx([0.8 * math.sin(0.3), 1.7 - 0.8 * math.cos(0.3), 0])
    pendulum.advance(1200)
    blocked, cleared = (pendulum.observe(name)[0] for name in ("beam_blocked", "beam_cleared"))
    middle = pendulum.observe("crossing_times")[0]
    assert (blocked + cleared) / 2 == approx(middle, abs=1e-9)
    # the bob is nearly uniform in the beam: 2R at the passing speed, slower at the edges by (edge angle / amplitude)²/6
    assert cleared - blocked == approx(0.04 / pendulum.observe("passage_speed"), rel=2e-3)
    assert pendulum.observe("passage_speed") == approx(
        math.sqrt(2 * 9.81 * 0.8 * (1 - math.cos(0.3)) / (1 + 0.4 * (0.02 / 0.8) ** 2)), rel=1e-10
    )


def test_viscous_pivot_damps_as_the_closed_form() -> None:
    pendulum = Pendulum(release_angle=1e-3, pivot_damping=0.02)
    rate = 0.02 / 0.1 / 2  # c / 2I
    omega = math.sqrt(9.81 - rate**2)
    pendulum.advance(10_000)
    exact = 1e-3 * math.exp(-rate * 10) * (math.cos(omega * 10) + rate / omega * math.sin(omega * 10))
    assert pendulum.observe("angle") == approx(exact, rel=1e-5)


def test_dry_friction_takes_the_same_from_every_half_swing_and_then_holds() -> None:
    pendulum = Pendulum(release_angle=0.01, pivot_friction=1e-3)
    loss = 2 * 1e-3 / (0.1 * 9.81)  # 2τ/M per half swing, for small angles
    pendulum.advance(1100)
    assert pendulum.observe("amplitude") == approx(0.01 - loss, rel=1e-4)
    pendulum.advance(20_000)
    rest = pendulum.observe("angle")
    pendulum.advance(5_000)
    assert pendulum.observe("angle") == rest
    assert abs(rest) < 1e-3 / (0.1 * 9.81)
    assert pendulum.observe("lost_at_pivot") == approx(
        pendulum.observe("energy_supplied") - pendulum.observe("potential_energy")
    )


def drag_independently(speed: float, radius: float, density: float, viscosity: float) -> float:
    """Brown and Lawler's coefficient, written as published."""
    reynolds = 2 * density * radius * abs(speed) / viscosity
    if reynolds == 0:
        return 0.0
    coefficient = 24 / reynolds * (1 + 0.150 * reynolds**0.681) + 0.407 / (1 + 8710 / reynolds)
    return 0.5 * density * math.pi * radius**2 * coefficient * speed * abs(speed)


@pytest.mark.parametrize("angle", [0.15, 1.5])
def test_swing_in_air_agrees_with_an_independent_integrator(angle: float) -> None:
    parameters = {**BRASS, "rod_diameter": 0.0}
    pendulum = Pendulum(release_angle=angle, **parameters)
    displaced = 1.204 * 4 / 3 * math.pi * 0.02**3
    inertia = 0.2848 * (1 + 0.4 * 0.02**2) + displaced / 2

    def slope(_: float, y: np.ndarray) -> list[float]:
        drag = drag_independently(y[1], 0.02, 1.204, pendulum.air_viscosity)
        return [y[1], (-(0.2848 - displaced) * 9.81 * math.sin(y[0]) - drag) / inertia]

    exact = solve_ivp(slope, (0, 20), [angle, 0], method="DOP853", rtol=1e-11, atol=1e-13).y[:, -1]
    pendulum.advance(20_000)
    assert pendulum.observe("angle") == approx(exact[0], abs=1e-8)
    assert pendulum.observe("lost_to_air") > 1e-5


def test_sphere_drag_has_the_measured_coefficient() -> None:
    """C_D of a sphere: 0.40 at Re 1e4, 0.46 at 1e3 (Clift, Grace and Weber 1978, table 5.2), Stokes' law when slow."""
    from engine.mechanics.drag import sphere_drag, sphere_force

    ball = sphere_drag(0.01, 1.2, 1.8e-5)
    for reynolds, coefficient, within in [(1e4, 0.40, 0.03), (1e3, 0.46, 0.03), (100, 1.09, 0.03), (1e-3, 24e3, 0.01)]:
        speed = reynolds * 1.8e-5 / (1.2 * 0.02)
        force = sphere_force(speed, *ball)
        assert force / (0.5 * 1.2 * math.pi * 1e-4 * speed**2) == approx(coefficient, rel=within)


def test_rod_drag_is_the_sum_over_its_pieces() -> None:
    from engine.mechanics.drag import cylinder_drag, cylinder_torque

    arm, rate = (np.arange(20_000) + 0.5) / 20_000 * 0.9, 2.5
    coefficient = 1 + 10 * (1.2 * arm * rate * 1e-3 / 1.8e-5) ** (-2 / 3)
    pieces = 0.5 * 1.2 * 1e-3 * coefficient * (arm * rate) ** 2 * arm * 0.9 / 20_000
    assert cylinder_torque(rate, *cylinder_drag(1e-3, 0.9, 1.2, 1.8e-5)) == approx(pieces.sum(), rel=1e-6)


def test_buoyancy_and_the_air_dragged_along_slow_the_swing() -> None:
    """T² grows by (1 + ½ρ_air/ρ)/(1 − ρ_air/ρ): Bessel's correction, for potential flow."""
    thin: dict[str, Any] = {"bob_radius": 0.02, "bob_mass": 0.004, "release_angle": 1e-4, "air_viscosity": 1e-6}
    air, vacuum = Pendulum(air_density=5.0, **thin), Pendulum(**thin)
    for pendulum in (air, vacuum):
        pendulum.advance(8000)
    share = 5.0 * 4 / 3 * math.pi * 0.02**3 / 0.004
    slower = math.sqrt((1 + share / 2) / (1 - share))
    assert air.observe("period") / vacuum.observe("period") == approx(slower, rel=2e-5)


@settings(max_examples=50, deadline=None)
@given(
    st.floats(-3.12, 3.12), st.floats(0.1, 3), st.floats(0, 0.08), st.floats(0, 10), st.floats(0, 0.05),
    st.floats(0, 0.05), st.sampled_from(["rod", "string"]), st.floats(1e-3, 1),
)  # fmt: skip
def test_energy_is_accounted_for(
    angle: float, length: float, radius: float, air: float, dry: float, viscous: float, suspension: str, mass: float
) -> None:
    pendulum = Pendulum(release_angle=angle, length=length, bob_radius=radius, air_density=air, pivot_friction=dry,
                        pivot_damping=viscous, suspension=suspension, bob_mass=mass)  # fmt: skip
    lost = 0.0
    for _ in range(8):
        pendulum.advance(250)
        total = sum(pendulum.observe(name) for name in ("lost_to_air", "lost_at_pivot", "lost_in_string"))
        assert total >= lost - 1e-12
        lost = total
    scale = max(pendulum.observe("energy_supplied"), mass * 9.81 * length)
    assert abs(pendulum.observe("energy_imbalance")) < 1e-9 * scale


def test_a_string_let_go_above_the_horizontal_falls_and_jerks() -> None:
    """From 120° the bob falls by L until the string is taut at 60°; the pull takes cos² 60° of its energy."""
    pendulum = Pendulum(release_angle=math.radians(120), suspension="string", bob_mass=0.1)
    pendulum.advance(200)
    assert pendulum.slack
    assert pendulum.observe("tension") == 0
    assert pendulum.observe("bob_position") == approx([math.sin(math.radians(120)), 1.7 + 0.5 - 9.81 * 0.02, 0])
    pendulum.advance(300)
    assert pendulum.observe("tension") > 0
    assert pendulum.observe("lost_in_string") == approx(0.1 * 9.81 * 1.0 * 0.25, rel=1e-9)


def test_a_string_goes_slack_where_its_pull_vanishes() -> None:
    """With 5/4 mgL above the lowest point it leaves the circle at cos θ = −1/6."""
    pendulum = Pendulum(release_angle=math.radians(120), suspension="string")
    angles = []
    for _ in range(2000):
        pendulum.advance(1)
        if pendulum.time > 0.6 and pendulum.slack:
            break
        angles.append(pendulum.observe("angle"))
    assert math.cos(angles[-1]) == approx(-1 / 6, abs=2e-3)
    assert pendulum.observe("tension") == 0
    pendulum.advance(3000)
    assert abs(pendulum.observe("energy_imbalance")) < 1e-9


def test_a_rod_pushes_where_a_string_cannot() -> None:
    pendulum = Pendulum(release_angle=math.radians(120), suspension="rod")
    assert pendulum.observe("tension") == approx(-0.1 * 9.81 / 2)
    pendulum.advance(20_000)
    assert pendulum.observe("amplitude") == approx(math.radians(120), rel=1e-9)


def test_hold_and_release() -> None:
    pendulum = Pendulum(release_angle=0.2, start="held")
    pendulum.advance(500)
    assert pendulum.observe("angle") == 0.2
    pendulum.change("release_angle", 0.4)
    pendulum.act("release")
    pendulum.change("release_angle", 0.1)  # counts at the next release
    pendulum.advance(3000)
    assert pendulum.observe("amplitude") == approx(0.4)
    assert pendulum.observe("crossings") == 3
    assert pendulum.observe("crossing_times")[0] == approx(0.5 + small_period(pendulum) * stretch(0.4) / 4)
    pendulum.act("hold")
    assert pendulum.held
    assert pendulum.observe("angle") == 0.1
    assert pendulum.observe("crossing_times").size == 0
    assert abs(pendulum.observe("energy_imbalance")) < 1e-12


def test_a_string_pulled_shorter_keeps_its_angular_momentum() -> None:
    pendulum = Pendulum(release_angle=0.5)
    pendulum.advance(400)
    before = pendulum.observe("angular_velocity") * 1.0**2
    pendulum.change("length", 0.7)
    assert pendulum.observe("angular_velocity") * 0.7**2 == approx(before)
    pendulum.advance(2000)
    assert abs(pendulum.observe("energy_imbalance")) < 1e-9


def test_whole_steps_add_up_bit_for_bit_and_snapshots_bring_everything_back() -> None:
    parameters = {**BRASS, "release_angle": 2.4, "suspension": "string", "pivot_friction": 1e-4}
    one, two = Pendulum(**parameters), Pendulum(**parameters)
    for steps in (1, 99, 433, 7, 2460):
        one.advance(steps)
    two.advance(3000)
    assert one.state.motion.tobytes() == two.state.motion.tobytes()
    assert one.state.part.tobytes() == two.state.part.tobytes()
    saved = Snapshot.from_bytes(one.snapshot().to_bytes())
    one.act("hold")
    one.change("length", 0.5)
    one.restore(saved)
    one.advance(1000)
    two.advance(1000)
    assert pickle.dumps(one.state.motion) == pickle.dumps(two.state.motion)
    assert one.observe("crossing_times").tolist() == two.observe("crossing_times").tolist()


def test_single_precision_swings_too() -> None:
    pendulum = Pendulum(release_angle=1.0, precision="f32")
    pendulum.advance(10_000)
    assert pendulum.state.motion.dtype == np.float32
    assert pendulum.observe("period") == approx(small_period(pendulum) * stretch(1.0), rel=1e-5)


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(Refusal, match="release_angle"):
        Pendulum(release_angle=3.2)
    with pytest.raises(Refusal, match="cannot be changed"):
        Pendulum().change("suspension", "string")
