"""A look inside a trained network: one HTML page that holds its weights and some images.

Reading order: network describes what is shown; samples are the images; one_file makes a page of
data and scripts; page writes that of a network. web/ has the page's JavaScript modules and styles,
which the lab in the browser uses too.
"""
