"""Evaluation of a trained model: metrics, the model card, the training curve."""
