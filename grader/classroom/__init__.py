"""A whole class: submissions from learning platforms, the gradebook, and marking them all.

Reading order: people, intake with listing, the gradebook (connection, database, decisions,
class_list, class_state, stored_results, submissions, gradebook: each adds its tables' methods to
the one before), course and lateness, batch with lock, keys, scheduling, job, pools and progress,
reports, returning.
"""
