"""Ways to hand questions on: pages, a printed sheet, and files for Moodle and Canvas.

Read `words` and `figures` first. `fragments` makes the HTML that platforms take. A name, a
question's text and a line of code may be anything a student wrote: each format escapes them.
"""
