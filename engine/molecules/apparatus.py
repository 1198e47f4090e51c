"""What can be chosen before molecules move, and what follows from what was chosen."""

from typing import Any

from engine.errors import Refusal
from engine.molecules.species import SPECIES, SYMBOLS, Scale
from engine.molecules.vessel import Vessel, settle
from engine.quantity import Choice, FileName, Quantity
from engine.solver import Solver

STEP = 0.003  # σ√(m/ε), if none is given
PISTON_SPEED = 0.1  # √(ε/m), likewise
ROOM = {"temperature": 300.0, "density": 1.6}  # K, kg/m³: argon as it is in a room; instead of the defaults in SI
SENSIBLE = {"temperature": (0.01, 200.0), "wall_temperature": (0.01, 200.0), "dt": (1e-6, 0.02)}  # reduced
DECISIVE: tuple[str, ...] = ("number", "density", "box", "piston")  # of the vessel, where they are given


class Apparatus(Solver):
    """Molecules in a box: the parameters. Their units and ranges are those of SI; all are wide enough for both."""

    units = Choice(("reduced", "SI"), default="reduced",
                   doc={"en": "of everything given and observed; reduced: σ = ε = m = k = 1",
                        "zh": "输入与输出的单位制；约化单位下 σ = ε = m = k = 1"})
    species = Choice(tuple(SPECIES), default="argon", label={"en": "gas", "zh": "气体"},
                     doc={"en": "sets σ, ε and the mass where units are SI", "zh": "国际单位制下决定 σ、ε 与分子质量"})
    number = Quantity("", default=1000, low=2, high=100_000, symbol="N", label={"en": "molecules", "zh": "分子数"},
                      doc={"en": "how many there are", "zh": "分子的个数"})
    density = Quantity("kg/m³", default=0.776, low=0.0, high=1e4, symbol="ρ", label={"en": "density", "zh": "密度"},
                       doc={"en": "mass per volume; reduced: molecules per σ³; in SI 1.6 if not given",
                            "zh": "单位体积的质量；约化单位下为每 σ³ 的分子数；国际单位制缺省 1.6"})
    temperature = Quantity("K", default=0.85, low=1e-3, high=1e5, symbol="T", label={"en": "temperature", "zh": "温度"},
                           doc={"en": "at the start, and ever after in the ensemble nvt; in SI 300 if not given",
                                "zh": "初始温度，nvt 系综中保持不变；国际单位制缺省 300"})
    cutoff = Quantity("σ", default=3.0, low=1.0, high=50.0, symbol="r_c",
                      doc={"en": "distance beyond which molecules do not feel each other, in σ whatever the units",
                           "zh": "相互作用的截断距离，任何单位制下均以 σ 计"})
    truncation = Choice(("plain", "shifted", "force_shifted"), default="plain",
                        doc={"en": "how the potential ends at the cutoff", "zh": "势能在截断处的处理"})
    tail = Choice(("off", "on"), default="off",
                  doc={"en": "whether energy and pressure include a uniform fluid beyond the cutoff",
                       "zh": "能量与压强是否计入截断以外的均匀流体"})
    ensemble = Choice(("nve", "nvt"), default="nve",
                      doc={"en": "constant energy, or Langevin's thermostat", "zh": "等能量，或朗之万恒温"})
    dt = Quantity("s", default=STEP, low=0.0, high=1.0, symbol="Δt",
                  doc={"en": "time of a step; 0.003 σ√(m/ε) if not given", "zh": "每步的时间；缺省为 0.003 σ√(m/ε)"})
    configuration = FileName(doc={"en": "text file with a line x y z for each molecule; needs box, or density",
                                  "zh": "文本文件，每个分子一行 x y z；须给出 box 或密度"})
    box = Quantity("m", default=0.0, low=0.0, high=1e4, symbol="L", label={"en": "edge", "zh": "边长"},
                   doc={"en": "edge of the box, or of the cylinder's cross-section; 0: follows from the density",
                        "zh": "盒子或气缸截面的边长；0 表示由密度确定"})
    container = Choice(("periodic", "piston"), default="periodic",
                       doc={"en": "a periodic box, or six hard walls of which one is a piston",
                            "zh": "周期性盒子，或六面硬壁（其一为活塞）"})
    walls = Choice(("thermal", "smooth"), default="thermal", label={"en": "walls", "zh": "器壁"},
                   doc={"en": "thermal: molecules leave as hot as the wall; smooth: they are reflected",
                        "zh": "thermal：分子以壁温离开；smooth：弹性反射"})
    piston = Quantity("m", default=0.0, low=0.0, high=1e4, symbol="x", live=True, label={"en": "piston", "zh": "活塞"},
                      doc={"en": "where it goes, from the opposite wall; 0 at the start: follows from the density",
                           "zh": "活塞的目标位置（距对面器壁）；初始为 0 表示由密度确定"})
    piston_speed = Quantity("m/s", default=PISTON_SPEED, low=0.0, high=1e4, live=True,
                            label={"en": "speed of the piston", "zh": "活塞速度"},
                            doc={"en": "at most; 0.1 √(ε/m) if not given", "zh": "最大速度；缺省为 0.1 √(ε/m)"})
    wall_temperature = Quantity("K", default=0.0, low=0.0, high=1e5, symbol="T_w", live=True,
                                label={"en": "temperature of the walls", "zh": "器壁温度"},
                                doc={"en": "of thermal walls; 0 at the start: as the gas",
                                     "zh": "thermal 器壁的温度；初始为 0 表示与气体相同"})
    equilibration = Quantity("", default=0, low=0, high=1_000_000_000,
                             doc={"en": "steps before means and energy_drift begin; a periodic box is kept at "
                                        "temperature so long",
                                  "zh": "开始平均与计算能量漂移之前的步数；其间周期性盒子恒温"})
    sampling = Quantity("", default=10, low=0, high=1_000_000,
                        doc={"en": "steps between samples of the means; 0: none are taken",
                             "zh": "平均值的取样间隔步数；0 表示不取样"})

    @property
    def scale(self) -> Scale:
        """The units of the surface."""
        return Scale.si(SPECIES[self.species]) if self.units == "SI" else Scale.reduced()

    @property
    def periodic(self) -> bool:
        """Whether there are no walls."""
        return self.container == "periodic"

    def unit(self, name: str) -> str:
        """Unit of a parameter or an observable, in the units chosen."""
        unit = super().unit(name)
        return unit if self.units == "SI" else SYMBOLS.get(unit, unit)

    def reduced(self, name: str) -> float:
        """A parameter in reduced units."""
        declared: Any = self.quantities()[name]
        return self.scale.inside(declared.unit, self.parameters[name])

    def settle(self, in_file: int | None) -> Vessel:
        """Fill in what follows from other parameters; `in_file` is the number of molecules in the configuration."""
        values, scale = self.parameters, self.scale
        follows = {"dt": scale.outside("s", STEP), "piston_speed": scale.outside("m/s", PISTON_SPEED)}
        follows |= ROOM if self.units == "SI" else {}
        values |= {name: value for name, value in follows.items() if name not in self.given}
        values["wall_temperature"] = values["wall_temperature"] or values["temperature"]
        given = {name: self.reduced(name) for name in DECISIVE if name in self.given and values[name]}
        if in_file is not None and given.setdefault("number", in_file) != in_file:
            raise Refusal("The configuration file {path} holds {found} molecules, not {number}. Leave number out.",
                          path=self.configuration, found=in_file, number=self.number)  # fmt: skip
        vessel = settle(given, self.number, self.reduced("density"), not self.periodic)
        lengths = {"box": scale.outside("m", vessel.edge), "piston": scale.outside("m", vessel.length)}
        values |= {"number": vessel.number, "density": scale.outside("kg/m³", vessel.density), **lengths}
        self._check(vessel)
        return vessel

    def _check(self, vessel: Vessel) -> None:
        """Refuse what the model cannot do."""
        for name in SENSIBLE:
            self.sensible(name, self.parameters[name])
        if self.periodic and self.cutoff > vessel.edge / 2:
            raise Refusal("The cutoff of {cutoff} σ is more than half of the edge, {edge:.4g} σ, so that a molecule "
                          "would meet another twice. Take more molecules or a smaller cutoff.", cutoff=self.cutoff,
                          edge=vessel.edge)  # fmt: skip
        if self.tail == "on" and (self.truncation != "plain" or not self.periodic):
            raise Refusal("tail=on belongs to truncation=plain in a periodic box. Leave tail off.")
        if self.ensemble == "nvt" and not self.periodic:
            raise Refusal("ensemble=nvt needs a periodic box; between walls, walls=thermal keep the temperature.")

    def sensible(self, name: str, value: float) -> None:
        """Refuse a number that is far off, as it will be in the wrong units."""
        declared: Any = self.quantities()[name]
        found, (low, high) = self.scale.inside(declared.unit, value), SENSIBLE[name]
        if not low <= found <= high:
            raise Refusal("{name} = {value} {unit} is {found:.3g} in reduced units; it should be between {low} and "
                          "{high} there. Check the units.", name=name, value=value, unit=self.unit(name), found=found,
                          low=low, high=high)  # fmt: skip
