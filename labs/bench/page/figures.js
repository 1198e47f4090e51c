// How numbers look: digits that match the resolution, a true minus sign, and ± with one or two figures.
import {h} from "./dom.js";

export function decimals(resolution) {
  if (!(resolution > 0)) return 3;
  const shown = Number(resolution).toPrecision(12).replace(/0+$/, "").replace(/\.$/, "");
  const [mantissa, exponent = "0"] = Number(shown).toExponential().split("e");
  const figures = (mantissa.split(".")[1] ?? "").length;
  return Math.min(8, Math.max(0, figures - Number(exponent)));
}

export function figure(value, places = 3) {
  if (value == null || !Number.isFinite(Number(value))) return "–";
  return minus(Number(value).toFixed(places));
}

// For numbers without a known resolution: four figures, powers of ten only when they must be.
export function brief(value, figures = 4) {
  if (value == null || !Number.isFinite(Number(value))) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return power(value, figures);
  return minus(String(Number(Number(value).toPrecision(figures))));
}

const RAISED = {"-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹"};

function power(value, figures) {
  const [mantissa, exponent] = Number(value).toExponential(figures - 1).split("e");
  return minus(`${Number(mantissa)}×10${String(Number(exponent)).replace(/./g, (digit) => RAISED[digit])}`);
}

export function minus(text) {
  return String(text).replace(/^-/, "−");
}

// The uncertainty at the digits of the value, or at one figure when it is smaller than they are.
export function spread(uncertainty, text) {
  if (uncertainty == null || !Number.isFinite(uncertainty) || uncertainty <= 0) return "";
  if (/[e×]/.test(text ?? "")) return brief(uncertainty, 2);
  const places = (String(text ?? "").split(".")[1] ?? "").length;
  const rounded = uncertainty.toFixed(places);
  return Number(rounded) > 0 ? rounded : brief(uncertainty, 1);
}

export function symbol(thing) {
  return thing.symbol ? h("i.symbol", {}, ...indexed(thing.symbol)) : null;
}

// "T_0" shows its index lowered.
function indexed(text) {
  const [stem, index] = String(text).split("_");
  return index ? [stem, h("sub", {}, index.replace(/[{}]/g, ""))] : [stem];
}
