"""A look inside a trained network: one HTML page that holds its weights and some images.

Reading order: network describes what is shown; samples are the images; page writes the file. web/
has the page's JavaScript modules and styles, which the lab in the browser uses too.
"""
