"""Train a GAN from the command line: `python train.py` for emoji, `python train.py --help` for the rest."""

import sys

from gan.train import main

if __name__ == "__main__":
    sys.exit(main())
