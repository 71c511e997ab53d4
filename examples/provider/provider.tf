terraform {
  required_providers {
    compshare = {
      source = "compshare/compshare"
    }
  }
}

# The keys come from COMPSHARE_PUBLIC_KEY and COMPSHARE_PRIVATE_KEY, or from the file of the official CLI.
provider "compshare" {
  region = "cn-wlcb"
}
