"""A whole class: submissions from learning platforms, the gradebook, and marking them all.

Reading order: people, intake with listing, gradebook, batch with keys, job, pools and progress, reports.
"""
