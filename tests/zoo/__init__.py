"""The zoo: endpoints that mean harm or know no better, on real sockets, and what a run against each must come to."""
