# By the ID of the instance.
terraform import compshare_instance_stop_schedule.training uhost-1a2b3c4d

# In another project than the provider's: PROJECT/ID.
terraform import compshare_instance_stop_schedule.training org-example/uhost-1a2b3c4d
