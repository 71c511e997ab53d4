terraform {
  required_providers {
    compshare = {
      source  = "compshare/compshare"
      version = "~> 0.1"
    }
  }
}

# API keys are read from COMPSHARE_PUBLIC_KEY and COMPSHARE_PRIVATE_KEY, or from the configuration file of the official CLI.
provider "compshare" {}
