"""Serve the browser demo: `python app.py`, or the entry point of a Hugging Face Space."""

from gan.ui.app import main

if __name__ == "__main__":
    main()
