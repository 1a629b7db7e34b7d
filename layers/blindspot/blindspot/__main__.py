"""`python -m blindspot`: see `cli`."""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import sys

from blindspot.cli import main

if __name__ == "__main__":
    sys.exit(main())
