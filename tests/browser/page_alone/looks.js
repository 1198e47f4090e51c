// What an eye with a ruler would notice: things outside the window, things over each other, targets too small for a finger.
const outline = (element) => element.outerHTML.slice(0, 90);

const inSight = (element) => element.offsetParent && !element.closest(".unseen, [hidden]")
  && getComputedStyle(element).visibility !== "hidden" && getComputedStyle(element).opacity > 0;

const all = (selector) => [...document.querySelectorAll(selector)].filter(inSight);

const apart = (p, q) => p.left >= q.right - 1 || q.left >= p.right - 1 || p.top >= q.bottom - 1 || q.top >= p.bottom - 1;

window.looks = {
  spills() {
    return all(":is(button, select, input, h2, .value)").filter((element) => {
      const box = element.getBoundingClientRect();
      const beyond = box.left < -1 || box.right > innerWidth + 1 || box.top < -1 || box.bottom > innerHeight + 1;
      return beyond && !element.closest(".scroll, .body, .side");
    }).map(outline);
  },
  overlaps() {
    const parts = all(".head button, .how-far, .sign, .transport :is(button, select, input, .time), .title :is(button, select, h2)")
      .map((element) => [element, element.getBoundingClientRect()]);
    return parts.flatMap(([one, p]) => parts
      .filter(([other, q]) => one !== other && !one.contains(other) && !other.contains(one) && !apart(p, q))
      .map(([other]) => `${outline(one)} over ${outline(other)}`));
  },
  small(least) {
    return all(":is(button, select, input:not([type=checkbox], [type=radio]))")
      .filter((element) => element.getBoundingClientRect().height < least - 0.5).map(outline);
  },
  area(selector) {
    const box = document.querySelector(selector).getBoundingClientRect();
    return box.width * box.height;
  },
  circles() {
    return [...document.querySelectorAll(".points .point")].map((point) => {
      const circle = point.querySelector("circle");
      return [point.dataset.row, Number(circle.getAttribute("cx")), Number(circle.getAttribute("cy"))];
    });
  },
  moving() {
    return [...document.querySelectorAll(".wanxiang *")].filter((one) => getComputedStyle(one).animationName !== "none").length;
  },
  hide(hidden) {
    Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
  },
  async drag(selector, from, to, steps, pause) {
    const slider = document.querySelector(selector);
    slider.dispatchEvent(new PointerEvent("pointerdown"));
    for (let i = 0; i <= steps; i += 1) {
      slider.value = from + ((to - from) * i) / steps;
      slider.dispatchEvent(new Event("input"));
      await new Promise((done) => setTimeout(done, pause));
    }
    await new Promise((done) => setTimeout(done, 250));
  },
};
