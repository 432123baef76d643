"""The benchmark that runs several servers in turn and compares them."""
