import {
  to       = compshare_instance_power.training
  provider = compshare
  id       = "uhost-1a2b3c4d"
}

import {
  to       = compshare_instance_power.spare
  provider = compshare
  id       = "uhost-5e6f7a8b"
}
