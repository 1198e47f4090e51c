"""Molecular dynamics of a Lennard-Jones fluid: m r″ = −∇ Σ u(|rᵢ − rⱼ|), u(r) = 4ε ((σ/r)¹² − (σ/r)⁶).

In a periodic box or between hard walls, one of which is a piston; at constant energy or at constant temperature.
Pressure is counted twice, and never from a formula for gases: from the impulses on the walls, and from the virial,
p V = N k T + ⅓ Σ r·F (Allen & Tildesley, Computer Simulation of Liquids, 2nd ed. 2017, §2.4).

Inside, all numbers are reduced; at the surface `units` decides, and `solver.unit(name)` tells. Observables are present
values, but for the four in `AVERAGED`: these are means over the later three quarters of the run (since `equilibration`,
or since the piston or the walls were last given something to do), and `uncertainty` is their standard error. Before the
first sample they are present values too.
"""

import math
from typing import Any

import numpy as np

from engine.chance import Chance
from engine.errors import Refusal
from engine.molecules import forces
from engine.molecules.apparatus import Apparatus
from engine.molecules.averages import Averages
from engine.molecules.beginning import lattice, maxwell, read_configuration
from engine.molecules.crossing import mend
from engine.molecules.gas import Gas
from engine.molecules.motion import fly
from engine.molecules.neighbours import Cells, Neighbours, rearrange, rename, sorting
from engine.molecules.thermostat import fly_stirred, friction
from engine.molecules.vessel import Vessel
from engine.molecules.walls import fly_between_walls
from engine.runtime import runtime
from engine.solver import PRECISIONS, Snapshot, action, observable

SKIN = 0.3  # of the mean distance between molecules: how far lists of neighbours reach beyond the cutoff
TALLY = 64  # steps between two sums over the counted impulses, where no sample asks for one sooner
BINS = 60
FASTEST = 6.0  # √(kT/m) of the gas at the start: upper end of the histogram of speeds
OVERLAP = 1e9  # ε per molecule, as only places on top of each other have
AVERAGED = ("energy_per_particle", "pressure_virial", "mean_temperature", "pressure_wall")


class LennardJones(Apparatus):
    """Molecules that attract and repel each other, in a box."""

    def prepare(self) -> Gas:
        places = read_configuration(self.configuration) if self.configuration else None
        vessel = self.settle(None if places is None else places.shape[1])
        places = lattice(vessel.number, vessel.edges) if places is None else self._fitting(places, vessel)
        velocities = maxwell(vessel.number, self.reduced("temperature"), Chance(self.seed), at_rest=self.periodic)
        self.state = Gas.of(places.astype(PRECISIONS[self.precision]), velocities, vessel.length, len(AVERAGED))
        self._set_up()
        self._relist()
        self._push(0.0)
        self.state.energy_at_start = self._conserved()
        if not abs(self.state.energy_at_start) < OVERLAP * self.number:
            raise Refusal("Two molecules of the configuration file {path} are in the same place.",
                          path=self.configuration)  # fmt: skip
        return self.state

    def _fitting(self, places: np.ndarray, vessel: Vessel) -> np.ndarray:
        """Places from a file, reduced; refused where walls would cut molecules off."""
        places = places / self.scale.outside("m", 1.0)
        if not self.periodic and not ((places >= 0.0) & (places <= np.reshape(vessel.edges, (3, 1)))).all():
            raise Refusal("The configuration file {path} has molecules beyond the walls.", path=self.configuration)
        return places

    def _set_up(self) -> None:
        """Reduced numbers that follow from the parameters, and empty lists of neighbours."""
        self.edge, self.moment = self.reduced("box"), self.reduced("dt")
        self.period, self.per_period = (self.edge, 1.0 / self.edge) if self.periodic else (0.0, 0.0)
        self.end_slope = forces.pair_slope(self.cutoff) if self.truncation == "force_shifted" else 0.0
        self.end_energy = 0.0 if self.truncation == "plain" else forces.pair_energy(self.cutoff)
        self.skin = SKIN * self.reduced("density") ** (-1 / 3)
        self.neighbours = Neighbours(self.number, self.cutoff + self.skin, self.reduced("density"))
        kept = math.exp(-friction(self.reduced("density")) * self.moment)
        self.stirring = kept, math.sqrt((1.0 - kept * kept) * self.reduced("temperature"))
        self.key = Chance(self.seed).child("molecules").key
        self._hear()

    def _hear(self) -> None:
        """Reduced numbers that follow from the live parameters."""
        self.target, self.fastest = self.reduced("piston"), self.reduced("piston_speed")
        self.hot = math.sqrt(self.reduced("wall_temperature")) if self.walls == "thermal" else 0.0

    def change(self, name: str, value: Any) -> None:
        if name in ("piston", "wall_temperature") and not self.periodic:
            value = self.quantities()[name].check(value)
            if name == "piston":
                Vessel(self.number, self.edge, self.scale.inside("m", value)).checked()
            else:
                self.sensible(name, value)
        super().change(name, value)

    def changed(self, name: str) -> None:
        self._hear()
        self.average_anew()

    def restore(self, snapshot: Snapshot) -> None:
        super().restore(snapshot)
        self.state.keep_on_host(snapshot)
        self._set_up()
        self.neighbours.find(self._copy(self.state.anchor), self._cells())

    def _copy(self, array: Any) -> Any:
        return runtime().from_host(runtime().to_host(array))

    # --- motion ---

    def leap(self, steps: int) -> None:
        for step in range(self.steps + 1, self.steps + steps + 1):
            self._fly(step)
            if float(runtime().to_host(self.state.moved).max()) > (self.skin / 2) ** 2:
                self._relist()
            self._push(self.moment / 2)
            self._count(step)

    def _fly(self, step: int) -> None:
        """First half kick and flight of one step."""
        gas, half = self.state, self.moment / 2
        flying = gas.place, gas.velocity, gas.force, gas.anchor, gas.moved
        if not self.periodic:
            gap, most = self.target - gas.piston, self.fastest * self.moment
            speed = max(-most, min(most, gap)) / self.moment
            fly_between_walls(*flying, gas.identity, gas.struck, half, self.moment, self.edge, gas.piston, speed,
                              self.hot, step, *self.key)  # fmt: skip
            if speed:
                self._tally(speed)
                gas.piston = self.target if abs(gap) <= most else gas.piston + speed * self.moment
        elif self.ensemble == "nvt" or step <= self.equilibration:
            fly_stirred(*flying, gas.identity, half, *self.stirring, step, *self.key)
        elif self.truncation == "shifted":
            before = self._copy(gas.place)
            fly(*flying, half, self.moment)
            mend(gas.place, before, gas.velocity, *self._around(), forces.pair_slope(self.cutoff) * self.moment)
        else:
            fly(*flying, half, self.moment)

    def _relist(self) -> None:
        """Sort the molecules by cell and list their neighbours."""
        gas, new = self.state, runtime().array
        gas.listed_piston = gas.piston
        *_, order = sorting(gas.place, self._cells())
        for name in ("place", "velocity", "struck"):
            old = getattr(gas, name)
            setattr(gas, name, new(old.shape, PRECISIONS[self.precision]))
            rearrange(old, getattr(gas, name), order)
        old, gas.identity = gas.identity, new(gas.identity.shape, np.int32)
        rename(old, gas.identity, order)
        gas.anchor = self._copy(gas.place)
        self.neighbours.find(gas.place, self._cells())

    def _cells(self) -> Cells:
        edges = (self.state.listed_piston, self.edge, self.edge)
        return Cells.of(edges, self.periodic, self.neighbours.reach, self.number)

    def _around(self) -> tuple[Any, ...]:
        """What every sum over pairs needs."""
        return self.neighbours.near, self.neighbours.count, self.period, self.per_period, self.cutoff

    def _push(self, half_step: float) -> None:
        gas = self.state
        forces.push(gas.place, gas.velocity, gas.force, *self._around(), self.end_slope, half_step)

    # --- counting ---

    def _count(self, step: int) -> None:
        """Tally impulses and take samples, on a grid of steps so that it does not matter how a run is divided."""
        every = self.sampling
        if step % (every or TALLY) == 0:
            self._tally(0.0)
        if step == self.equilibration:
            self._begin()
        elif every and step % every == 0 and step > self.equilibration:
            gas, impulse = self.state, float(self.state.impulse[2])
            wall = (impulse - gas.impulse_sampled) / (every * self.moment)
            gas.averages.add([*self._energy_and_pressure(), self._temperature(), wall])
        if every and step % every == 0:
            self.state.impulse_sampled = float(self.state.impulse[2])

    def _begin(self) -> None:
        """After equilibration: take back the momentum that the thermostat gave, and count from here."""
        self.average_anew()
        if self.periodic and self.ensemble == "nve":
            velocity = runtime().to_host(self.state.velocity)
            drift = velocity.mean(axis=1, keepdims=True, dtype=np.float64)
            self.state.velocity = runtime().from_host((velocity - drift).astype(velocity.dtype))
        self.state.energy_at_start = self._conserved()

    def _tally(self, piston_speed: float) -> None:
        """Move the impulses of single molecules to the sums, while the areas are what they were during the step."""
        self.state.impulse = self._impulse()
        self.state.work -= piston_speed * float(_total(self.state.struck)[0])
        self.state.struck.fill(0)

    def _impulse(self) -> np.ndarray:
        """Impulse per area since the start on the piston, on the other walls, on all."""
        on_piston, on_others = _total(self.state.struck)
        face = self.edge**2
        others = face + 4.0 * self.edge * self.state.piston
        new = on_piston / face, on_others / others, (on_piston + on_others) / (face + others)
        return np.asarray(self.state.impulse + new)

    def _twice_kinetic(self) -> float:
        velocity = runtime().to_host(self.state.velocity)
        return float(np.square(velocity, dtype=np.float64).sum())

    @property
    def freedoms(self) -> int:
        """Independent velocities: a periodic box without a thermostat keeps its momentum, which takes three."""
        return 3 * self.number - 3 * (self.periodic and self.ensemble == "nve")

    def _temperature(self) -> float:
        return self._twice_kinetic() / self.freedoms

    def _weighed(self) -> tuple[float, float]:
        """Potential energy and virial without tails."""
        energy, virial = self.array(self.number), self.array(self.number)
        forces.weigh(self.state.place, energy, virial, *self._around(), self.end_energy, self.end_slope)
        return float(_total(energy)), float(_total(virial))

    def _energy_and_pressure(self) -> tuple[float, float]:
        """Potential energy per molecule and pressure from the virial, tails included where wanted."""
        energy, virial = self._weighed()
        volume = self.state.piston * self.edge**2
        density = self.number / volume
        pressure = density * self._temperature() + virial / (3.0 * volume)
        if self.tail == "on":
            return (energy / self.number + forces.tail_energy(density, self.cutoff),
                    pressure + forces.tail_pressure(density, self.cutoff))  # fmt: skip
        return energy / self.number, pressure

    def _conserved(self) -> float:
        """The energy that velocity Verlet conserves to fourth order in dt (see engine.molecules.motion)."""
        gas, bending = self.state, self.array(self.number)
        forces.bend(gas.place, gas.velocity, bending, *self._around(), self.end_slope)
        square = float(np.square(runtime().to_host(gas.force), dtype=np.float64).sum())
        energy = self._weighed()[0] + self._twice_kinetic() / 2.0
        return energy + self.moment**2 * (float(_total(bending)) / 12.0 - square / 24.0)

    @action({"en": "average anew", "zh": "重新平均"}, {"en": "forget all samples so far", "zh": "舍弃此前的全部取样"})
    def average_anew(self) -> None:
        self.state.averages = Averages.of(len(AVERAGED))

    # --- observables ---

    def uncertainty(self, name: str) -> float | None:
        if name == "kinetic_temperature":  # a gas of N molecules fluctuates by that much; for one that exchanges heat
            return self.kinetic_temperature() * math.sqrt(2.0 / self.freedoms)
        error = self.state.averages.error(AVERAGED.index(name)) if name in AVERAGED else None
        return None if error is None else self.scale.outside(self.observables()[name].unit, error)

    def _mean(self, name: str, unit: str, now: float) -> float:
        mean = self.state.averages.mean(AVERAGED.index(name))
        return self.scale.outside(unit, now if mean is None else mean)

    @observable("J", {"en": "of all pairs, without tails", "zh": "所有分子对的势能，不含尾部修正"}, "U",
                {"en": "potential energy", "zh": "势能"})
    def potential_energy(self) -> float:
        return self.scale.outside("J", self._weighed()[0])

    @observable("J", {"en": "potential and kinetic; velocity Verlet lets it breathe as dt²",
                      "zh": "势能与动能之和；速度 Verlet 算法使其随 dt² 起伏"}, "E",
                {"en": "total energy", "zh": "总能量"})
    def total_energy(self) -> float:
        return self.scale.outside("J", self._weighed()[0] + self._twice_kinetic() / 2.0)

    @observable("J", {"en": "mean potential energy of a molecule, with the tail where it is on",
                      "zh": "每个分子的平均势能，按 tail 计入尾部修正"}, "U/N",
                {"en": "energy per molecule", "zh": "每分子势能"})
    def energy_per_particle(self) -> float:
        return self._mean("energy_per_particle", "J", self._energy_and_pressure()[0])

    @observable("Pa", {"en": "mean pressure from the virial, with the tail where it is on",
                       "zh": "由维里求得的平均压强，按 tail 计入尾部修正"}, "p",
                {"en": "pressure (virial)", "zh": "压强（维里）"})
    def pressure_virial(self) -> float:
        return self._mean("pressure_virial", "Pa", self._energy_and_pressure()[1])

    @observable("Pa", {"en": "mean pressure from the impulses on all walls; 0 where there are none",
                       "zh": "由所有器壁所受冲量求得的平均压强；无器壁时为 0"}, "p",
                {"en": "pressure (walls)", "zh": "压强（器壁）"})
    def pressure_wall(self) -> float:
        return self._mean("pressure_wall", "Pa", 0.0)

    @observable("K", {"en": "from the present kinetic energy", "zh": "由当前动能求得"}, "T",
                {"en": "temperature", "zh": "温度"})
    def kinetic_temperature(self) -> float:
        return self.scale.outside("K", self._temperature())

    @observable("K", {"en": "mean of kinetic_temperature", "zh": "kinetic_temperature 的平均值"}, "T",
                {"en": "mean temperature", "zh": "平均温度"})
    def mean_temperature(self) -> float:
        return self._mean("mean_temperature", "K", self._temperature())

    @observable("", {"en": "(E − E₀)/|E₀| of the energy that velocity Verlet conserves, in reduced units "
                           "H + dt² (v·∇∇U·v/12 − F²/24): H itself breathes as dt² without drifting",
                     "zh": "速度 Verlet 算法所守恒的能量的相对漂移 (E − E₀)/|E₀|，约化单位下该能量为 "
                           "H + dt² (v·∇∇U·v/12 − F²/24)；H 本身随 dt² 起伏而不漂移"}, "ΔE/E",
                {"en": "drift of the energy", "zh": "能量漂移"})
    def energy_drift(self) -> float:
        start = self.state.energy_at_start
        return (self._conserved() - start) / abs(start)

    @observable("Pa*s", {"en": "impulse per area on all walls since the start",
                         "zh": "开始以来所有器壁单位面积所受冲量"})
    def wall_impulse(self) -> float:
        return self.scale.outside("Pa*s", float(self._impulse()[2]))

    @observable("Pa*s", {"en": "impulse per area on the piston since the start", "zh": "开始以来活塞单位面积所受冲量"})
    def piston_impulse(self) -> float:
        return self.scale.outside("Pa*s", float(self._impulse()[0]))

    @observable("Pa*s", {"en": "impulse per area on the five other walls since the start",
                         "zh": "开始以来其余五面器壁单位面积所受冲量"})
    def walls_impulse(self) -> float:
        return self.scale.outside("Pa*s", float(self._impulse()[1]))

    @observable("J", {"en": "done on the gas by the piston since the start", "zh": "开始以来活塞对气体所做的功"}, "W",
                {"en": "work of the piston", "zh": "活塞做功"})
    def piston_work(self) -> float:
        return self.scale.outside("J", self.state.work)

    @observable("m³", {"en": "in which the centres of molecules can be", "zh": "分子中心可到达的体积"}, "V",
                {"en": "volume", "zh": "体积"})
    def volume(self) -> float:
        return self.scale.outside("m³", self.state.piston * self.edge**2)

    @observable("m", {"en": "distance of the piston from the opposite wall", "zh": "活塞到对面器壁的距离"}, "x",
                {"en": "place of the piston", "zh": "活塞位置"})
    def piston_position(self) -> float:
        return self.scale.outside("m", self.state.piston)

    @observable("", {"en": "molecules in the vessel", "zh": "容器中的分子数"}, "N", {"en": "molecules", "zh": "分子数"})
    def number_of_molecules(self) -> float:
        return float(self.number)

    @observable("m/s", {"en": "mean of all present speeds", "zh": "当前所有分子速率的平均值"}, "v̄",
                {"en": "mean speed", "zh": "平均速率"})
    def mean_speed(self) -> float:
        return float(self.speeds().mean(dtype=np.float64))

    @observable("m/s", {"en": "root of the mean of all squares of speeds", "zh": "当前所有分子速率的方均根"}, "v_rms",
                {"en": "rms speed", "zh": "方均根速率"})
    def rms_speed(self) -> float:
        return self.scale.outside("m/s", math.sqrt(self._twice_kinetic() / self.number))

    @observable("", {"en": "molecules in each interval of speed_bins; the last one has all that are faster",
                     "zh": "speed_bins 各区间内的分子数；更快的分子计入最后一个区间"},
                label={"en": "histogram of speeds", "zh": "速率分布"})
    def speed_histogram(self) -> np.ndarray:
        edges = self.speed_bins()
        return np.histogram(np.minimum(self.speeds(), edges[-1]), edges)[0].astype(np.float64)

    @observable("m/s", {"en": "edges of the intervals of speed_histogram", "zh": "speed_histogram 各区间的边界"})
    def speed_bins(self) -> np.ndarray:
        fastest = FASTEST * math.sqrt(self.reduced("temperature"))
        return np.linspace(0.0, self.scale.outside("m/s", fastest), BINS + 1)

    def positions(self) -> np.ndarray:
        """Places in the unit of length at the surface, shape (number, 3), in the order of identity."""
        place = runtime().to_host(self.state.place).astype(np.float64)
        if self.periodic:
            place = place % self.edge
        return self._by_identity(place * self.scale.outside("m", 1.0))

    def velocities(self) -> np.ndarray:
        """Velocities in the unit of speed at the surface, shape (number, 3), in the order of identity."""
        velocity = runtime().to_host(self.state.velocity).astype(np.float64)
        return self._by_identity(velocity * self.scale.outside("m/s", 1.0))

    def speeds(self) -> np.ndarray:
        """Speeds, shape (number,), in the order of identity."""
        return np.asarray(np.sqrt(np.square(self.velocities()).sum(axis=1)))

    def _by_identity(self, columns: np.ndarray) -> np.ndarray:
        rows = np.empty((self.number, 3))
        rows[runtime().to_host(self.state.identity)] = columns.T
        return rows


def _total(values: Any) -> Any:
    """Sum over molecules in double precision: a number, or one for each row."""
    return runtime().to_host(values).sum(axis=-1, dtype=np.float64)
