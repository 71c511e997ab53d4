# Price of the smallest instance with two 4090, per hour.
data "compshare_price" "training" {
  zone      = "cn-wlcb-01"
  gpu_type  = "4090"
  gpu_count = 2
}

output "price_cny" {
  value = data.compshare_price.training.price_cny
}
