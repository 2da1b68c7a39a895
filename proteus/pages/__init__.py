"""The pages a person reads in a browser: one file each, without any network.

Templates, styles and scripts lie beside this file; ``templates.render`` puts them into one page.
"""

from __future__ import annotations

REPORT, FIGURES = "report.html", "figures"  # a page, and the folder of its figures as files
