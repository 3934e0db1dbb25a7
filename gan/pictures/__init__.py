"""Files of pictures, from anybody, as pixels. Nothing here imports torch, so that a reader's process starts at once."""
