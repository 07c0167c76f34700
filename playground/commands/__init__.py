"""The command line of each part: options, then the call. Only a command that runs imports torch or Optuna."""
