# All scheduled stops of the account. `terraform query -generate-config-out=stops.tf` also writes the configuration that
# imports them.
list "compshare_instance_stop_schedule" "all" {
  provider = compshare
}
