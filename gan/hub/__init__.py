"""The Hugging Face Hub: push a model folder, pull one, deploy the app as a Space.

huggingface_hub is imported when it is first used, not when these files are imported.
"""
