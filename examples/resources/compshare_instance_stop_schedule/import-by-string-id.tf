import {
  to = compshare_instance_stop_schedule.training
  # "org-example/uhost-1a2b3c4d" for an instance in another project than the provider's.
  id = "uhost-1a2b3c4d"
}
