# Zones with free capacity for one 4090, in the order of the API.
data "compshare_capacity" "training" {
  gpu_type  = "4090"
  gpu_count = 1
}

output "zones" {
  value = distinct([for offer in data.compshare_capacity.training.offers : offer.zone if offer.available])
}
