"""Training: from a config and a data set to a model folder. Start reading at `loop.py`, then `step.py`."""
