/* JupyterLab's core fetches a formula typesetter wherever it is told to. Benches set their formulas themselves: this is none. */
window.MathJax = { Hub: { Config: function () {}, Register: { StartupHook: function () {} }, Configured: function () {}, Queue: function () {} } };
