"""The loss around a trained network, and the paths of the six optimizers through it.

Reading order: paths trains from one initialisation; plane cuts the loss along the directions in
which the paths move (after Li et al. 2018, "Visualizing the loss landscape of neural nets",
arXiv:1712.09913); figure draws it; page plays it, with the JavaScript and styles in web/.
"""
