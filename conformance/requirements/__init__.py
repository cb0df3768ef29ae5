"""All requirements: one module per part of the API, its scenarios, its requirements and their mutants together.

Rule: importing this package imports every module in it, and that registers what they hold; there is no list to keep.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in sorted(each.name for each in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")
