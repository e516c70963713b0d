"""Runs a module as a child that cannot outlive its parent: `python -m infra.local.child MODULE [OPTION…]`.

The parent holds the other end of our standard input. However it ends, killed included, that end closes;
the child then ends itself as if asked to, and so keeps its state.
"""

import os
import runpy
import signal
import sys
import threading


def main() -> None:
    module = sys.argv[1]
    threading.Thread(target=end_with_parent, daemon=True).start()
    sys.argv[:2] = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
