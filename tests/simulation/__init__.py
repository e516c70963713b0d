"""The real services over the real store, interleaved at every outside call by a seeded dice, with faults.

`python -m tests.simulation --seeds 5000 --jobs 2` plays histories; a seed that breaks a promise prints the one line
that replays it. Same seed, same trace.

A new use case comes under it in six lines:
1. What `wake`, `changes` or `tick` reach by a row's timer runs in every history as it is; nothing is to be added.
2. What a person does is a method of `story.Story` that calls the service; `Story.drawn` draws it into the histories.
3. Its crash points are one `Case(name=…, set_up=…, act=…)` in `cases.CASES`; pairs of faults follow from the same line.
4. Two of them at once, in every order, are one `Race` in `cases.RACES`.
5. What must hold afterwards is a check in `promises.Rest`; what must hold after every single call, one in `watch`.
6. A guard it relies on is one `[[mutant]]` in `tests/mutants/mutants.toml`, with the test that must catch it.
"""
