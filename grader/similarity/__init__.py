"""Finds near-copies within a class and of earlier years, for people to look at. Affects no mark.

Reading order: source, features, pool, passages, comparing, page.
"""
