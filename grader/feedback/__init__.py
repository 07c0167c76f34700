"""Explain why an answer is wrong: misconceptions, diagnosis, then shrinking and wrong entries."""
