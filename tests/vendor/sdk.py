"""Calls the simulator with the vendor's Python SDK.

    sdk.py URL PUBLIC_KEY PRIVATE_KEY

The account has uhost-1 (stopped) and cpod-1 (running, in cn-sh2-02). Each operation takes 30 s of
a stepped clock. The generic `invoke` returns responses unchanged; the typed services check and
convert each field that they know.
"""

import sys
import urllib.request

from ucloud.client import Client
from ucloud.core import exc

url, public_key, private_key = sys.argv[1:]


def client(**overrides):
    config = {"base_url": url, "public_key": public_key, "private_key": private_key}
    return Client({**config, **overrides})


def states(describe):
    """State at the beginning and at the end of the operation."""
    now = describe()["UHostSet"][0]["State"]
    urllib.request.urlopen(f"{url}/simulator/advance", data=b'"30s"').close()
    return now, describe()["UHostSet"][0]["State"]


def generic():
    invoke = client().invoke
    ids = {"UHostIds": ["uhost-1"]}
    where = {"Region": "cn-wlcb", "Zone": "cn-wlcb-01", "UHostId": "uhost-1"}
    describe = lambda: invoke("DescribeCompShareInstance", dict(ids))

    first = describe()
    assert first["Action"] == "DescribeCompShareInstanceResponse", first
    assert first["TotalCount"] == 1, first
    assert first["UHostSet"][0]["State"] == "Stopped", first
    started = invoke("StartCompShareInstance", {**where, "WithoutGpu": False})
    expected = {"Action": "StartCompShareInstanceResponse", "RetCode": 0, "UHostId": "uhost-1"}
    assert started == expected, started
    assert states(describe) == ("Starting", "Running")
    invoke("RebootCompShareInstance", dict(where))
    assert states(describe) == ("Rebooting", "Running")
    invoke("StopCompShareInstance", {**where, "Force": True})
    assert states(describe) == ("Stopping", "Stopped")

    # The boolean of the API documentation. The next start, without it, has a GPU again.
    invoke("StartCompShareInstance", {**where, "WithoutGpu": True})
    assert states(describe) == ("Starting", "Running")
    invoke("StopCompShareInstance", dict(where))
    assert states(describe) == ("Stopping", "Stopped")
    assert describe()["UHostSet"][0]["GPU"] == 0

    everything = invoke("DescribeCompShareInstance", {"Limit": 100, "Offset": 0})
    assert [host["UHostId"] for host in everything["UHostSet"]] == ["cpod-1", "uhost-1"], everything
    zones = invoke("DescribeCompShareSupportZone", {})["ZoneInfo"]
    assert {"cn-wlcb-01", "cn-sh2-02"} <= {zone["Zone"] for zone in zones}, zones
    projects = invoke("GetProjectList", {})["ProjectSet"]
    defaults = [project["ProjectId"] for project in projects if project["IsDefault"]]
    assert defaults == ["org-demo"], projects


def typed():
    compshare = client(region="cn-wlcb").ucompshare()
    where = {"Zone": "cn-wlcb-01", "UHostId": "uhost-1"}
    describe = lambda: compshare.describe_comp_share_instance({"UHostIds": ["uhost-1"]})

    assert compshare.start_comp_share_instance(where) == {"UHostId": "uhost-1"}
    assert states(describe) == ("Starting", "Running")
    host = describe()["UHostSet"][0]
    assert (host["GPU"], host["CPU"], host["Memory"]) == (1, 16, 65536), host
    assert host["GraphicsMemory"] == {"Rate": 5, "Value": 24}, host
    assert isinstance(host["UpdateTime"], int) and host["StartTime"] > 0, host
    assert host["SupportWithoutGpuStart"] is True, host
    assert isinstance(host["InstancePrice"], float), host
    assert host["DiskSet"][0]["IsBoot"] == "True" and host["IPSet"][0]["IPMode"] == "IPv4", host
    assert host["SshLoginCommand"].startswith("ssh "), host
    assert compshare.reboot_comp_share_instance(where) == {"UHostId": "uhost-1"}
    assert states(describe) == ("Rebooting", "Running")
    assert compshare.stop_comp_share_instance(where) == {"UHostId": "uhost-1"}
    assert states(describe) == ("Stopping", "Stopped")
    assert compshare.describe_comp_share_support_zone({})["ZoneInfo"][0]["Zone"] == "cn-wlcb-01"
    project = client().uaccount().get_project_list({})["ProjectSet"][0]
    facts = (project["ProjectId"], project["IsDefault"], project["ResourceCount"])
    assert facts == ("org-demo", True, 2), project


def refusal(call):
    """RetCode and message that the SDK raises."""
    try:
        response = call()
    except exc.RetCodeException as error:
        assert error.request_uuid, error
        return error.code, error.message
    raise AssertionError(f"not refused: {response}")


def refused():
    describe = ("DescribeCompShareInstance", {})
    start = ("StartCompShareInstance", {"Region": "cn-wlcb"})
    where = {"Region": "cn-wlcb", "Zone": "cn-wlcb-01", "UHostId": "uhost-1"}
    stop = ("StopCompShareInstance", where)
    cases = [
        (lambda: client(private_key="wrong").invoke(*describe), (171, "Signature VerifyAC Error")),
        (lambda: client(public_key="wrong").invoke(*describe), (172, "User Not Exists")),
        (lambda: client().invoke("Nonsense", {}), (161, "Action [Nonsense] not found")),
        (lambda: client().invoke(*start), (210, "Missing params [Zone]")),
        (lambda: client(region="x").invoke(*describe), (230, "Params [Region] not available")),
        (lambda: client().invoke(*stop), (8905, "Operation not allowed in state [Stopped]")),
    ]
    for call, expected in cases:
        assert refusal(call) == expected, (refusal(call), expected)


generic()
typed()
refused()
