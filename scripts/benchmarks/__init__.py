"""Measures Flotilla's figures on this machine; docs/bench.md says how, and what they do not say."""
