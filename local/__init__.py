"""Development only, never deployed. Finds the product's code where it lies, which Lambda has at /opt/python."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "layers/blindspot"))
