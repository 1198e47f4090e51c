// The solver time that the student's screen shows: like the picture, it glides between the last two frames.
export function createClock(going, now = () => performance.now()) {
  let before = null;
  let latest = {time: 0, at: 0};
  return {
    heard(time) {
      if (!Number.isFinite(time)) return;
      before = going() && time >= latest.time && now() - latest.at < 1000 ? {...latest, time: this.now()} : null;
      latest = {time, at: now()};
    },
    now() {
      if (!before || !going()) return latest.time;
      const share = Math.min(1, (now() - latest.at) / Math.max(1, latest.at - before.at));
      return before.time + (latest.time - before.time) * share;
    },
  };
}
