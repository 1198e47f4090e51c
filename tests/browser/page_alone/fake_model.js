// A stand-in for anywidget's model: it keeps what the page sends, answers as a bench would, and can fall silent.
window.fakeModel = (given, state, refs = {}) => {
  const listeners = {};
  const sent = [];
  const model = {
    sent, given, state, silent: false, deaf: false,
    get: (name) => ({given, renderer: refs.renderer ?? "", stream: refs.stream ?? ""})[name],
    set() {}, save_changes() {},
    on(name, heard) { (listeners[name] ??= []).push(heard); },
    off(name, heard) { listeners[name] = (listeners[name] ?? []).filter((one) => one !== heard); },
    tell(message, buffers = []) { for (const heard of listeners["msg:custom"] ?? []) heard(message, buffers); },
    send(order) {
      if (model.deaf) throw new Error("the line is cut");
      sent.push(order);
      if (model.silent) return;
      setTimeout(() => answer(order), 5);
    },
    widget_manager: null,
  };
  const obeyed = new Set();
  function answer(order) {
    if (model.silent) return;
    if (order.do === "ping") return model.tell({say: "pong"});
    model.tell({say: "ack", n: order.n});
    if (obeyed.has(`${order.tab} ${order.n}`)) return;
    obeyed.add(`${order.tab} ${order.n}`);
    if (order.do === "hello") model.tell({say: "everything", state: model.state});
    model.onorder?.(order);
  }
  return model;
};
