import sys

import compshare_cli.config
from compshare_cli.cli import main

compshare_cli.config.DEFAULT_BASE_URL = "http://127.0.0.1:8080"
sys.exit(main())
