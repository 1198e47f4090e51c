"""The nursery: kernels are forked from one process that has already imported and compiled everything.

`forker` is that process, strictly single-threaded. `newborn` is what a forked child does: it boots a kernel as far as
that goes without knowing whose it will be, waits for its errand, and serves. `nursery` is the server's side, which
keeps a forker alive and hands out children, and `provisioner` plugs it into Jupyter.

Who ends whom: every process here holds the reading end of one pipe, the *lifeline*, whose writing end only the server
has; the kernel (of the operating system) ends the process when the server is gone, however it went. A forker that dies
takes its waiting children along, because the sockets on which they wait close. Kernels at work live on: the server is
their next parent, and starts another forker.
"""
