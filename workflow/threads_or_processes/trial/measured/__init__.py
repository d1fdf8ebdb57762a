"""What runs inside the interpreter under test: standard library and `multiprocess` only."""
