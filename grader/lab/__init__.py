"""Part 1 in a browser: a folder of static files in which Python runs as WebAssembly.

Reading order: vendored says what is used of others, and downloads gets it; slices packs the images;
folder writes everything. web/ is the page, and in_browser/ the Python behind it.
"""
