"""Runs a module as a child of the local stack: `python -I child.py LIBRARIES MODULE [OPTION…]`.

It cannot outlive its parent, who holds the other end of our standard input: however the parent ends,
killed included, that end closes; the child then ends itself as if asked to, and so keeps its state.

It runs on the bare interpreter and finds our libraries by itself rather than through the environment, so that
the Lambdas which the engine starts do not see them: they get their zip and what AWS's runtime has.
"""

import os
import runpy
import signal
import site
import sys
import threading
from pathlib import Path


def main() -> None:
    libraries, module = sys.argv[1:3]
    site.addsitedir(libraries)
    sys.path.insert(0, str(Path(__file__).parents[2]))
    threading.Thread(target=end_with_parent, daemon=True).start()
    sys.argv[:3] = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
