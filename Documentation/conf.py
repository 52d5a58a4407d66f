# SPDX-License-Identifier: GPL-2.0
"""Sphinx settings; `make doc` sets KERNEL_SRC to the lab's kernel source, whose
kernel-doc extension turns the comments in driver/ and uapi/ into pages."""

import os
import sys

kernel = os.environ["KERNEL_SRC"]
os.environ["srctree"] = kernel
sys.path.insert(0, os.path.join(kernel, "Documentation/sphinx"))

project = "pgem"
author = "The pgem founders"
copyright = "2026 " + author
extensions = ["kerneldoc"]
kerneldoc_srctree = os.path.abspath("..")
kerneldoc_bin = os.path.join(kernel, "tools/docs/kernel-doc")
primary_domain = "c"
highlight_language = "none"
html_theme = "alabaster"
html_theme_options = {"page_width": "1100px", "fixed_sidebar": True}
# The kernel's own types are documented in the kernel.
nitpicky = False
# struct pgem_bo is one thing in the driver and another in the library.
suppress_warnings = ["duplicate_declaration.c"]
