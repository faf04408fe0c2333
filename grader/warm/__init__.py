"""Warm kernels: a server process that has imported torch once, and forks a kernel for each notebook.

    grader (worker)  --start-->  server  --fork-->  monitor  --fork-->  init  --fork-->  kernel
          \\__________________________________ control ____________________/

Outside, in the grader's process: `house` (the server, and one kernel's process seen from here) and `provisioner`, by which
jupyter_client starts such kernels. Inside: `server` (forks), `preload` (what is done once, before), `init` (the first process of
a kernel's own process namespace: reaps, signals, watches the memory) and `kernel` (what the fork does until it is a kernel).

Isolation is `grader.isolation`'s; here is only where in the order of forks its steps are taken. A kernel that is to be cold is
started by the same server without its imports, so that it is shut off in the same way.
"""

__all__: list[str] = []
