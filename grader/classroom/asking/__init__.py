"""Questions for a whole class: drawn in a pool of processes, kept in the gradebook, written out.

job.py draws one student's questions, pool.py runs such jobs, class_questions.py decides who is asked
and keeps the questions, folder.py writes the files.
"""
