"""Other uses of a trained model: pictures that it has not made are found, restored, taken apart and recognised."""
