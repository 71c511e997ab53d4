import {
  to = compshare_instance_power.training
  id = "uhost-1a2b3c4d"
}

import {
  to = compshare_instance_power.spare
  id = "uhost-5e6f7a8b"
}
