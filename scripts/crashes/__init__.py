"""Proves the device's transaction by killing it everywhere; docs/transaction.md says what is proven
and how."""
