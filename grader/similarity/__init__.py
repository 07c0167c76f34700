"""Finds equal scripts and near-copies within a class and of earlier years. Affects no mark.

Reading order: source; statements, scopes, canonical, equal for facts; features, pool, passages,
comparing for suspicions; names, wording, page to show them.
"""
