// The slot of the 3-D bench: it holds the renderer's view and keeps it sized.
import {watching} from "./shoulder.js";

const REFERENCE = "IPY_MODEL_";

async function child(model, trait) {
  const reference = model.get(trait);
  if (!reference) return null;
  return model.widget_manager.get_model(String(reference).replace(REFERENCE, ""));
}

export async function mountScene(model, lab, slot) {
  const renderer = await child(model, "renderer");
  if (!renderer) return;
  const view = await model.widget_manager.create_view(renderer);
  slot.holder.replaceChildren(view.el);
  if (view.processLuminoMessage) view.processLuminoMessage({type: "after-attach"});
  else view.trigger?.("displayed");
  await renderer.initPromise;
  const fit = () => fitToSlot(renderer, slot.holder);
  new ResizeObserver(fit).observe(slot.holder);
  fit();
  slot.hold(renderer);
  lab.change({scene: true});
}

// Sizes are set on the browser's model alone: the view follows and nothing travels to the bench.
function fitToSlot(renderer, holder) {
  const width = Math.round(holder.clientWidth);
  const height = Math.round(holder.clientHeight);
  if (width < 2 || height < 2) return;
  const camera = renderer.get("camera")?.obj;
  if (camera) {
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
  }
  renderer.set("_width", width);
  renderer.set("_height", height);
  renderer.trigger("rerender", renderer, {});
}

// Live readings and the time travel in the headers of the frames.
export function listenToFrames(model, lab, link) {
  let stream = null;
  const onFrame = (header) => {
    if (header?.tab !== undefined && header.tab !== link.tab && !watching()) return;
    link.heard();
    const told = {};
    if (Number.isFinite(header?.time)) told.time = header.time;
    if (header?.live) told.live = header.live;
    if (Object.keys(told).length) lab.change(told);
  };
  child(model, "stream").then((found) => {
    stream = found;
    stream?.on("msg:custom", onFrame);
  });
  return () => stream?.off("msg:custom", onFrame);
}
