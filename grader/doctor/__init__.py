"""Checks everything that marking needs on this machine, and says how to fix what is missing.

Reading order: findings, software, machine.
"""
