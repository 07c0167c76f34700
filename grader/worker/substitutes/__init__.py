"""Right answers to earlier sections, put in place of wrong ones while a later section is marked. They run in the worker.

One file for each answer, and none of them ever lies where a script could read it: their text is sent to the workers that need it.
"""
