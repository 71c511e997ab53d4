import {
  to = compshare_instance_power.training
  # "org-example/uhost-1a2b3c4d" if it is in another project than the provider's.
  id = "uhost-1a2b3c4d"
}
