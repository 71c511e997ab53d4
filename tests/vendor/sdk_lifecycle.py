"""Calls the simulator with the vendor's Python SDK: images, create, resize, rename and terminate.

    sdk_lifecycle.py URL PUBLIC_KEY PRIVATE_KEY

Operations take no time. The typed services check and convert each field that they know.
"""

import sys

from ucloud.client import Client
from ucloud.core import exc

url, public_key, private_key = sys.argv[1:]
keys = {"base_url": url, "public_key": public_key, "private_key": private_key}
compshare = Client({**keys, "region": "cn-wlcb"}).ucompshare()
zone = {"Zone": "cn-wlcb-01"}
new = {
    **zone,
    "MachineType": "G",
    "MinimalCpuPlatform": "Auto",
    "GpuType": "4090",
    "GPU": 1,
    "CPU": 16,
    "Memory": 65536,
    "CompShareImageId": "compshareImage-12rjyhwynazd",
    "Disks": [{"IsBoot": True, "Type": "CLOUD_SSD", "Size": 100}],
    "ChargeType": "Postpay",
    "Name": "sdk",
}


def images():
    platform = compshare.describe_comp_share_images({"ImageType": "App"})
    assert platform["TotalCount"] == 2, platform
    image = platform["ImageSet"][1]
    assert (image["Name"], image["Container"], image["Size"]) == ("vLLM 0.11", "True", 30720), image
    assert isinstance(image["CreateTime"], int) and image["Price"] == 0.0, image
    assert image["Softwares"]["CUDAVersion"] == "12.8", image
    custom = compshare.describe_comp_share_custom_images(zone)["ImageSet"]
    assert [image["Status"] for image in custom] == ["Available", "Making", "UnAvailable"], custom
    # The SDK does not know the groups.
    community = compshare.invoke("DescribeCommunityImages", {**zone, "Limit": 2, "Offset": 0})
    groups = community["CompshareImageGroup"]
    assert [group["GroupId"] for group in groups] == ["imageGroup-sd", "imageGroup-gone"], groups
    assert groups[1]["Data"] is None, groups
    assert compshare.describe_community_images({**zone, "Limit": "2"})["TotalCount"] == 3


def host(instance):
    described = compshare.describe_comp_share_instance({"UHostIds": [instance]})["UHostSet"]
    return described[0] if described else None


def life():
    (instance,) = compshare.create_comp_share_instance(new)["UHostIds"]
    where = {**zone, "UHostId": instance}
    created = host(instance)
    facts = (created["State"], created["Name"], created["GPU"], created["CompShareImageName"])
    assert facts == ("Running", "sdk", 1, "Ubuntu 24.04"), created
    assert created["DiskSet"][0]["DiskType"] == "CLOUD_SSD", created
    assert created["InstancePrice"] == 1.98, created
    assert created["Password"] and created["IPSet"][1]["Type"] == "Bgp", created
    compshare.stop_comp_share_instance(where)
    size = {"Gpu": 2, "Cpu": 32, "Memory": 128 * 1024}
    assert compshare.resize_comp_share_instance({**where, **size}) == {"UHostId": instance}
    disk = {**zone, "UDiskId": created["DiskSet"][0]["DiskId"]}
    assert compshare.resize_comp_share_disk({**disk, "Size": 200}) == {"UDiskId": disk["UDiskId"]}
    renamed = compshare.modify_comp_share_instance_name({**where, "Name": "新名字"})
    assert renamed == {"UHostId": instance}
    changed = host(instance)
    assert changed["TotalDiskSpace"] == 200, changed
    assert (changed["GPU"], changed["Memory"], changed["Name"]) == (2, 131072, "新名字"), changed
    assert compshare.terminate_comp_share_instance(where) == {"UHostId": instance}
    assert host(instance) is None


def refusal(call):
    """RetCode that the SDK raises."""
    try:
        response = call()
    except exc.RetCodeException as error:
        return error.code
    raise AssertionError(f"not refused: {response}")


def refused():
    instance = {**zone, "UHostId": "uhost-gone"}
    cases = [
        (lambda: compshare.create_comp_share_instance({**new, "CPU": 4}), 8333),
        (lambda: compshare.create_comp_share_instance({**new, "Name": "a b"}), 220),
        (lambda: compshare.terminate_comp_share_instance(instance), 8039),
        (lambda: compshare.modify_comp_share_instance_name({**instance, "Name": "x"}), 8039),
    ]
    for call, expected in cases:
        assert refusal(call) == expected, (refusal(call), expected)


images()
life()
refused()
