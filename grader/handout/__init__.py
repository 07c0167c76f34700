"""What students get, made from the reference.

Reading order: stubs (the scripts without solutions), notebooks, readme, folder (everything, and the
zip).
"""

NAME = "fashion-network"  # of the students' folder and its zip
