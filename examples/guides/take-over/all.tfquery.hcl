list "compshare_instance" "all" {
  provider = compshare
}
