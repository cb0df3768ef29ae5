"""The engines are slow to install: these tests are collected only where they are (tox -e engines)."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("mlx_lm") else ["*.py"]
if not find_spec("litellm"):
    collect_ignore_glob.append("test_litellm.py")
