"""Right answers to earlier sections, which replace wrong ones while a later section is marked.

One file for each answer. They run in the worker, but are never copied to where a script could read
them: their text is sent over the pipe to the workers that need it.
"""
