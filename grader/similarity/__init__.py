"""Finds equal scripts and near-copies within a class and of earlier years. Affects no mark.

Reading order: source; statements, scopes, canonical; features, handed_out; equal for facts; pool,
passages, comparing for suspicions; names, wording, page to show them.
"""
