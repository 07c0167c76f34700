"""Right answers to earlier sections, put in place of wrong ones while a later section is marked. They run in the worker.

One file for each answer, which lies in those workers alone that need it: anywhere else a script could hand it in.
"""
