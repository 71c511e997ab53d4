import {
  to = compshare_instance_stop_schedule.training
  identity = {
    instance_id = "uhost-1a2b3c4d"
    # Only for an instance in another project than the provider's.
    project_id = "org-example"
  }
}
