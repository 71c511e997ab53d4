# By the ID of the instance.
terraform import compshare_instance.training uhost-1a2b3c4d

# In another project than the provider's: PROJECT/ID.
terraform import compshare_instance.training org-example/uhost-1a2b3c4d
