"""The long version of the proof: `make prove` runs it and writes docs/proof.md."""
