"""Four curves and how they are fitted to points that are uncertain along both axes.

Minimised is χ² = Σ (y − f(x))² / (u_y² + f′(x)² u_x²), the effective variance with the slope kept up to date as the
curve moves; for a straight line this is the solution of York (Can. J. Phys. 44, 1079, 1966). The parameters' standard
uncertainties follow from the stated uncertainties and are not scaled by χ². Without stated uncertainties all points
weigh the same, and the uncertainties are scaled by the scatter about the curve.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import Refusal, nearest
from labs.bench.words import _

if TYPE_CHECKING:
    import lmfit

Floats = np.ndarray
Enlarged = tuple[list[float], list[list[float]]]  # parameters, and the Jacobian that takes their covariance along
FINEST = 1e-12  # an uncertainty below this part of the largest value is none: doubles cannot carry it
NO_CURVE = _("No curve of this kind comes near these points. Try another fit, or look for a wrong reading.")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a curve: its letter, what it is, and its unit as y^along_y · x^along_x."""

    name: str
    label: dict[str, str]
    along_y: int = 0
    along_x: int = 0


@dataclass(frozen=True)
class Model:
    """A curve y = f(x). `guess` starts the fit; `enlarge` takes parameters found on x/width, y/height back to x, y."""

    label: dict[str, str]
    formula: str
    parameters: tuple[Parameter, ...]
    curve: Callable[..., Floats]
    slope: Callable[..., Floats]
    guess: Callable[[Floats, Floats], Sequence[float]]
    enlarge: Callable[..., Enlarged]
    domain: Callable[[Floats], Floats] = np.isfinite


@dataclass(frozen=True)
class Fit:
    """The curve that fits best. `normalised` residuals are in units of each point's effective uncertainty."""

    model: str
    values: Floats
    uncertainties: Floats
    covariance: Floats
    residuals: Floats
    normalised: Floats
    chi2: float
    dof: int
    weighted: bool
    scaled: bool

    @property
    def reduced_chi2(self) -> float | None:
        """χ² per degree of freedom; None when the points carry no uncertainties to compare with."""
        return self.chi2 / self.dof if self.weighted else None

    def curve(self, x: Floats) -> Floats:
        """The fitted curve at x."""
        return MODELS[self.model].curve(x, *self.values)

    def band(self, x: Floats) -> Floats:
        """Standard uncertainty of the curve at x, from the parameters' covariance."""
        model = MODELS[self.model]
        steps = np.where(self.uncertainties > 0, self.uncertainties, 1.0) * 1e-4
        ahead = np.array([model.curve(x, *(self.values + shift)) for shift in np.diag(steps)])
        behind = np.array([model.curve(x, *(self.values - shift)) for shift in np.diag(steps)])
        slopes = (ahead - behind) / (2 * steps[:, None])
        return np.sqrt(np.maximum(np.einsum("ix,ij,jx->x", slopes, self.covariance, slopes), 0.0))


def _enlarged_power(factor: float, exponent: float, width: float, height: float) -> Enlarged:
    whole = height / width**exponent
    return [factor * whole, exponent], [[whole, -factor * whole * np.log(width)], [0.0, 1.0]]


def _power_guess(x: Floats, y: Floats) -> Sequence[float]:
    sign = 1.0 if np.median(y) >= 0 else -1.0
    usable = y * sign > 0
    if usable.sum() < 2 or np.ptp(x[usable]) == 0:
        return [sign * float(np.abs(y).mean()), 1.0]
    exponent, start = np.polyfit(np.log(x[usable]), np.log(y[usable] * sign), 1)
    return [sign * float(np.exp(start)), float(exponent)]


SLOPE = Parameter("a", {"en": "slope", "zh": "斜率"}, 1, -1)
MODELS: dict[str, Model] = {
    "linear": Model(
        {"en": "Straight line", "zh": "直线"}, "y = a·x + b",
        (SLOPE, Parameter("b", {"en": "intercept", "zh": "截距"}, 1)),
        lambda x, a, b: a * x + b, lambda x, a, b: a + 0 * x,
        lambda x, y: np.polyfit(x, y, 1).tolist(),
        lambda a, b, width, height: ([a * height / width, b * height], [[height / width, 0.0], [0.0, height]])),
    "proportional": Model(
        {"en": "Proportional", "zh": "正比"}, "y = a·x", (SLOPE,),
        lambda x, a: a * x, lambda x, a: a + 0 * x,
        lambda x, y: [float(x @ y / (x @ x))],
        lambda a, width, height: ([a * height / width], [[height / width]]), lambda x: np.isfinite(x) & (x != 0)),
    "power": Model(
        {"en": "Power law", "zh": "幂函数"}, "y = a·xⁿ",
        (Parameter("a", {"en": "y at x = 1", "zh": "x = 1 时的 y"}, 1),
         Parameter("n", {"en": "exponent", "zh": "指数"})),
        lambda x, a, n: a * x**n, lambda x, a, n: a * n * x ** (n - 1.0),
        _power_guess, _enlarged_power, lambda x: x > 0),
    "inverse": Model(
        {"en": "Inverse", "zh": "反比"}, "y = a/x",
        (Parameter("a", {"en": "product x·y", "zh": "乘积 x·y"}, 1, 1),),
        lambda x, a: a / x, lambda x, a: -a / x**2,
        lambda x, y: [float((y / x).sum() / (1 / x**2).sum())],
        lambda a, width, height: ([a * height * width], [[height * width]]), lambda x: np.isfinite(x) & (x != 0)),
}


def fit(model: str, x: ArrayLike, y: ArrayLike, ux: ArrayLike | None = None, uy: ArrayLike | None = None) -> Fit:
    """Fit a curve to points with standard uncertainties ux, uy; a Refusal when they are too few or do not suit it."""
    if model not in MODELS:
        raise Refusal("There is no fit called {model!r}. Did you mean: {nearest}?", model=model,
                      nearest=nearest(model, MODELS))
    across, up = np.asarray(x, float), np.asarray(y, float)
    spread = [np.zeros_like(across) if one is None else np.asarray(one, float) for one in (ux, uy)]
    _check(model, across, up)
    with np.errstate(all="ignore"):  # whatever leaves the range of doubles is refused as a whole below
        width, height = float(np.abs(across).max()), float(np.abs(up).max()) or 1.0
        weighted = bool(np.all(np.hypot(spread[0] / width, spread[1] / height) > FINEST))
        noise = (spread[0] / width, spread[1] / height) if weighted else (np.zeros_like(across), np.ones_like(up))
        small, covariance = _minimised(MODELS[model], across / width, up / height, *noise, weighted=weighted)
        values, jacobian = (np.array(part) for part in MODELS[model].enlarge(*small, width, height))
        found = _judged(model, across, up, (values, jacobian @ covariance @ jacobian.T), spread, weighted)
    if not np.all(np.isfinite([*found.values, *found.uncertainties, *found.residuals, found.chi2])):
        raise Refusal(NO_CURVE)
    return found


def _check(model: str, x: Floats, y: Floats) -> None:
    curve, need = MODELS[model], len(MODELS[model].parameters) + 1
    if len(x) < need:
        raise Refusal("The fit “{model}” needs at least {need} points; there are {have}. Take {more} more.",
                      model=curve.label, need=need, have=len(x), more=need - len(x))
    if not np.all(np.isfinite(y)) or not np.all(curve.domain(x)):
        template = _("The fit “{model}” works only where x is above 0. Exclude the other points.") if model == "power" \
            else _("The fit “{model}” cannot use a point at x = 0. Exclude it.")
        raise Refusal(template, model=curve.label)
    if len(curve.parameters) > 1 and len(np.unique(x)) < len(curve.parameters):
        raise Refusal("All points have the same x, so no curve can be told from another. Change x between readings.")


def _minimised(curve: Model, x: Floats, y: Floats, ux: Floats, uy: Floats, *, weighted: bool) -> tuple[Floats, Floats]:
    """Best parameters and their covariance, on data of order one."""
    import lmfit  # a second of loading, spent by the first fit and not by every page

    start = lmfit.Parameters()
    for parameter, value in zip(curve.parameters, curve.guess(x, y), strict=True):
        start.add(parameter.name, value=value)

    def residual(trial: "lmfit.Parameters") -> Floats:
        values = [trial[one.name].value for one in curve.parameters]
        off = (y - curve.curve(x, *values)) / np.sqrt(uy**2 + (curve.slope(x, *values) * ux) ** 2)
        return np.nan_to_num(off, nan=1e150, posinf=1e150, neginf=-1e150)

    found = lmfit.minimize(residual, start, method="leastsq", scale_covar=not weighted, ftol=1e-14, xtol=1e-12)
    if found.covar is None or not np.all(np.isfinite(found.covar)):
        raise Refusal(NO_CURVE)
    return np.array([found.params[one.name].value for one in curve.parameters]), np.asarray(found.covar)


def _judged(model: str, x: Floats, y: Floats, found: tuple[Floats, Floats], spread: list[Floats],
            weighted: bool) -> Fit:
    (values, covariance), curve = found, MODELS[model]
    dof = len(x) - len(values)
    off = y - curve.curve(x, *values)
    scatter = np.sqrt(off @ off / dof)
    effective = np.hypot(spread[1], curve.slope(x, *values) * spread[0]) if weighted else np.full_like(x, scatter)
    normalised = np.divide(off, effective, out=np.zeros_like(off), where=effective > 0)
    return Fit(model, values, np.sqrt(np.diag(covariance)), covariance, off, normalised,
               float(normalised @ normalised), dof, weighted, scaled=not weighted)
