# Every instance of the account. `terraform query` shows them, and with -generate-config-out=instances.tf it writes the
# configuration that takes them over.
list "compshare_instance_power" "all" {
  provider = compshare
}

# Those that run at this moment and whose name begins with 训练.
list "compshare_instance_power" "training" {
  provider = compshare

  config {
    state      = "Running"
    name_regex = "^训练"
  }
}
