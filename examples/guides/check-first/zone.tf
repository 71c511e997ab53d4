data "compshare_capacity" "all" {
  gpu_type  = "4090"
  gpu_count = 1
}

locals {
  zones = [for offer in data.compshare_capacity.all.offers : offer.zone if offer.available]
}

data "compshare_price" "first" {
  count    = length(local.zones) > 0 ? 1 : 0
  zone     = local.zones[0]
  gpu_type = "4090"
}

output "zone" {
  value = try(local.zones[0], "sold out")
}

output "price_cny" {
  value = try(data.compshare_price.first[0].price_cny, null)
}
