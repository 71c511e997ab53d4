"""Calls the simulator through the SDK adapter of the vendor's CLI.

    cli_adapter.py URL PUBLIC_KEY PRIVATE_KEY

The start sends WithoutGpuSpec, as this CLI does. Each operation takes 30 s of a stepped clock.
"""

import sys
import urllib.request

from compshare_cli.config import Profile
from compshare_cli.sdk import CompShareSDK
from ucloud.core import exc

url, public_key, private_key = sys.argv[1:]


def sdk(public_key=public_key, private_key=private_key):
    return CompShareSDK(Profile(public_key, private_key), "cn-wlcb", base_url=url)


def describe():
    parameters = {"UHostIds": ["uhost-1"], "Limit": 1, "Offset": 0}
    return sdk().invoke("DescribeCompShareInstance", parameters)["UHostSet"][0]


assert describe()["State"] == "Stopped"
where = {"Region": "cn-wlcb", "Zone": "cn-wlcb-01", "UHostId": "uhost-1"}
started = sdk().invoke("StartCompShareInstance", {**where, "WithoutGpuSpec": "B"})
assert started["UHostId"] == "uhost-1"
assert describe()["State"] == "Starting"
urllib.request.urlopen(f"{url}/simulator/advance", data=b'"30s"').close()
host = describe()
assert (host["State"], host["GPU"], host["CPU"], host["Memory"]) == ("Running", 0, 8, 16384), host

for wrong, code in [(sdk(private_key="wrong"), 171), (sdk(public_key="wrong"), 172)]:
    try:
        wrong.invoke("DescribeCompShareInstance", {})
    except exc.RetCodeException as error:
        assert error.code == code, error
    else:
        raise AssertionError("a wrong key was accepted")
