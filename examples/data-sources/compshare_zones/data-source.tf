# All zones of one region. Without `region`, the zones of all regions.
data "compshare_zones" "shanghai" {
  region = "cn-sh2"
}

output "zones" {
  value = { for zone in data.compshare_zones.shanghai.zones : zone.zone => zone.description }
}
