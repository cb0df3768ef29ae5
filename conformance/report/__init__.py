"""Verdicts -> report.json, and its views: HTML, Markdown, JUnit, CTRF, SARIF, badges, annotations.

Rule: report.json is made from evidence alone, and every other format from report.json alone; so `judge` makes offline
what `run` made, to the byte.
"""
