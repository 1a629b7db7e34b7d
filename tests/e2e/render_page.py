"""A page, on python3.13 with nothing but the layer: `render_page.py LAYER` takes a document and prints the page."""

import json
import sys

sys.path.insert(0, sys.argv[1])

from blindspot.report.page import page
from blindspot.report.reading import view_of

sys.stdout.write(page(view_of(json.load(sys.stdin))))
