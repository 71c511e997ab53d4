"""Calls the simulator with the vendor's Python SDK: scheduled stops, GPU types and prices.

    sdk_catalog.py URL PUBLIC_KEY PRIVATE_KEY

The account has uhost-1 (stopped) and cpod-1 (running, in cn-sh2-02). The simulator names its fields
as the SDK does.
"""

import sys

from ucloud.client import Client
from ucloud.core import exc

url, public_key, private_key = sys.argv[1:]
keys = {"base_url": url, "public_key": public_key, "private_key": private_key}


def instance_types():
    compshare = Client({**keys, "region": "cn-wlcb"}).ucompshare()
    where = {"Zone": "cn-wlcb-01", "MachineTypes": ["4090", "A800"]}
    rows = compshare.describe_available_comp_share_instance_types(where)["AvailableInstanceTypes"]
    assert [row["Name"] for row in rows] == ["4090", "A800"], rows
    assert rows[0]["MachineSizes"][1]["Gpu"] == 2, rows[0]
    assert rows[0]["MachineSizes"][1]["Collection"][0]["Memory"] == [128, 192], rows[0]
    assert rows[0]["GraphicsMemory"] == {"Value": 24, "Rate": 3}, rows[0]
    assert rows[0]["CpuPlatforms"]["Amd"] == ["Amd/Epyc2", "Amd/Epyc3"], rows[0]
    assert rows[1]["Disks"][0]["BootDisk"][0]["Name"] == "CLOUD_RSSD", rows[1]
    inventory = compshare.describe_comp_share_gpu_inventory({})
    assert inventory["SpotUnsupportedGpuTypes"] == ["4090_48G", "P40", "A800", "H20"], inventory
    assert "'4090': 64" in str(inventory["GpuInventoryByZone"]), inventory


def prices():
    compshare = Client({**keys, "region": "cn-wlcb"}).ucompshare()
    instance = {"Zone": "cn-wlcb-01", "GpuType": "4090", "Gpu": "1", "Cpu": "16", "Memory": "65536"}
    disk = {"IsBoot": True, "Type": "CLOUD_SSD", "Size": 100}
    priced = {**instance, "ChargeType": "Postpay", "Disks": [disk]}
    detail = compshare.get_comp_share_instance_price(priced)["PriceDetail"][0]
    assert (detail["ChargeType"], detail["Instance"]) == ("Postpay", 2.2), detail


def stop_schedule():
    compshare = Client({**keys, "region": "cn-sh2", "project_id": "org-demo"}).ucompshare()
    where = {"Zone": "cn-sh2-02", "UHostId": "cpod-1"}
    time = 1767225600 + 3600
    # The SDK has another name for the time, which the API ignores.
    try:
        compshare.update_comp_share_stop_scheduler({**where, "StopTime": time})
    except exc.RetCodeException as error:
        assert (error.code, error.message) == (210, "Missing params [SchedulerStopTime]"), error
    else:
        raise AssertionError("accepted without SchedulerStopTime")
    describe = lambda: compshare.describe_comp_share_instance({"UHostIds": ["cpod-1"]})
    compshare.invoke("UpdateCompShareStopScheduler", {**where, "SchedulerStopTime": time})
    assert describe()["UHostSet"][0]["StopSchedulerTime"] == time, describe()
    compshare.delete_comp_share_stop_scheduler(where)
    assert describe()["UHostSet"][0]["StopSchedulerTime"] == 0, describe()


def capacity():
    """Not among the typed services; the call of the documentation."""
    specs = Client({**keys, "region": "cn-wlcb"}).ucompshare().invoke(
        "CheckCompShareResourceCapacity",
        {
            "Region": "cn-wlcb",
            "Zone": "cn-wlcb-01",
            "GpuType": "4090",
            "MachineType": "G",
            "MinimalCpuPlatform": "Auto",
            "CompShareImageId": "compshareImage-12rjyhwynazd",
            "ChargeType": "Dynamic",
            "Disks": [{"IsBoot": "true", "Type": "CLOUD_SSD", "Size": 60}],
        },
    )["Specs"]
    assert specs[0] == {"Gpu": 1, "Cpu": 16, "Mem": 64, "ResourceEnough": True}, specs


instance_types()
prices()
stop_schedule()
capacity()
