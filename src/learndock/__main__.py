"""`python -m learndock`: the command line."""

import sys

from learndock.cli import main

if __name__ == "__main__":
    sys.exit(main())
