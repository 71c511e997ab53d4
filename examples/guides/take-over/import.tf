import {
  to = compshare_instance.training
  id = "uhost-1a2b3c4d"
}
