"""Convolutional networks in PyTorch, from a plain one to the project's fastest, and their training.

Read it in this order: configuration (needs no torch), networks, fast; images, processor, training,
evaluation; then checkpoints, storage.

    from playground import load, split
    from playground.convnets.configuration import CONV_RECIPES
    from playground.convnets.networks import build
    from playground.convnets.training import train_convnet

    configuration = CONV_RECIPES["fast"]
    model = build(configuration, seed=0)
    run = train_convnet(model, configuration, *split(load("fashion-mnist")), verbose=True)
"""
