"""Files in and out: tables, encodings, headers, datum, geometry repair, the returned workbook."""

import os

# openpyxl reads XML by lxml where that is installed (docxtpl brings it), and lxml resolves the entities of a sender's
# file. Told so before its first import, it reads by defusedxml, which refuses them.
os.environ["OPENPYXL_LXML"] = "False"
