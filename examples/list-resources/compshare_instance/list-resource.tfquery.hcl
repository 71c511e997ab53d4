# All instances of the account. `terraform query -generate-config-out=instances.tf` also writes the configuration that
# imports them.
list "compshare_instance" "all" {
  provider = compshare
}

# Running instances whose name begins with 训练.
list "compshare_instance" "training" {
  provider = compshare

  config {
    state      = "Running"
    name_regex = "^训练"
  }
}
