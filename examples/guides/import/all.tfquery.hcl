list "compshare_instance_power" "all" {
  provider = compshare
  limit    = 1000
}
