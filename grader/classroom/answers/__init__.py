"""Reading answers back: files in, answers of known students to known questions out.

reading.py opens what was given, saved.py and tables.py read the formats, keeping.py finds students
and questions and stores the answers.
"""
