import {
  to = compshare_instance_power.training
  identity = {
    instance_id = "uhost-1a2b3c4d"
    # Only if it is in another project than the provider's.
    project_id = "org-example"
  }
}
