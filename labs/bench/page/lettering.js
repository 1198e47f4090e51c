// A letter for everything that a hand can do and the declaration left without one.
const TAKEN = ["f", "g", "l"];  // full screen, guide, lap

export function giveLetters(given) {
  const things = [...(given.presses ?? []), ...(given.controls ?? []), ...(given.instruments ?? []).filter(({manual}) => manual)];
  const taken = new Set([...TAKEN, ...things.map(({key}) => key?.toLowerCase()).filter(Boolean)]);
  const lettered = (thing) => {
    const wish = thing.key ? thing.key.toLowerCase() : thing.kind === "stopwatch" && !taken.has("s") ? "s" : free(thing.name, taken);
    taken.add(wish);
    return {...thing, key: wish};
  };
  const watches = (given.instruments ?? []).map((one) => (one.kind === "stopwatch" ? lettered(one) : one));
  return {
    ...given, presses: (given.presses ?? []).map(lettered), controls: (given.controls ?? []).map(lettered),
    instruments: watches.map((one) => (one.manual && one.kind !== "stopwatch" ? lettered(one) : one)),
  };
}

function free(name, taken) {
  return [...name.toLowerCase(), ..."abcdefghijklmnopqrstuvwxyz"].find((letter) => /[a-z]/.test(letter) && !taken.has(letter)) ?? "";
}
