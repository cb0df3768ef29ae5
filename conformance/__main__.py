"""`python -m conformance` is `chat-conformance`."""

import sys

from .cli import main

sys.exit(main())
