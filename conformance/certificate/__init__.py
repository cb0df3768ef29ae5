"""A run -> a bundle that anybody can verify offline, down to every verdict.

Rule: a certificate claims nothing that is not in its bundle; whoever verifies it recomputes all of it.
"""
