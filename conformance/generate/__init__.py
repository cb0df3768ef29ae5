"""Contract -> requests: values of every boundary class, departures from them, and combinations of them.

Rule: nothing here sends anything, and all of it is a function of the contract, the features and the seed.  What is made
is valid or invalid by construction and checked against the schema, never drawn and thrown away.
"""
