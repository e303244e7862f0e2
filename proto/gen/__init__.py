"""The parts of proto/gen.py: one checked model, one emitter per output."""
