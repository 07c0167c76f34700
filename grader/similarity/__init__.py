"""Near-copies within a class and against earlier years: whom to look at, never what to think of it. It affects no mark."""
