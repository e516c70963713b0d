"""Many long lives of a group: the rule-based machine of tests/properties with more examples than the suite takes."""

import argparse
import sys

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.test_group_life import GroupLife

STEPS = 50


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=5_000)
    asked = parser.parse_args()
    how = settings(
        max_examples=asked.lives, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    try:
        run_state_machine_as_test(GroupLife, settings=how)
    except Exception as error:
        print(f"{asked.lives} lives of {STEPS} steps, 1 failed: {type(error).__name__}")
        raise
    print(f"{asked.lives} lives of {STEPS} steps, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
