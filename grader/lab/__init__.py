"""Part 1 in a browser: a folder of static files in which Python runs as WebAssembly."""
