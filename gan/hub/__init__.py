"""The Hugging Face Hub: a model folder pushed to it, one pulled from it, the app deployed as a Space.

huggingface_hub is imported when it is first needed, never when these files are.
"""
