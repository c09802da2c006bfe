"""Starts microburst with one correction: it takes bodies as large as AWS does.

Its web server refuses what is over 1 MiB with 413. A call that AWS takes may be larger: 1 MiB of messages is
more than that as JSON, 4 MiB of Firehose records are a third more as base64.
"""

import sys
from functools import partial

from aiohttp import web
from microburst.cli import main

LARGEST_BODY = 16 * 1024 * 1024

if __name__ == "__main__":
    web.Application = partial(web.Application, client_max_size=LARGEST_BODY)
    sys.exit(main())
