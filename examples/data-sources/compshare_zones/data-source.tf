# All zones of one region; without `region`, all there are.
data "compshare_zones" "shanghai" {
  region = "cn-sh2"
}

output "zones" {
  value = { for zone in data.compshare_zones.shanghai.zones : zone.zone => zone.description }
}
