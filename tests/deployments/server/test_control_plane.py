"""The control plane for real: asked, and driven over HTTP."""

from pathlib import Path

import httpx
import pytest

from deployments.server.control_plane import ControlPlane, ensure, status
from deployments.server.program import program_digest
from tasks.providers.memory import MemoryProvider
from tests.deployments.plane import Plane, parent
from tests.flows.shop import shop
from tests.tasks.providers.local.world import listening, processes_naming

pytestmark = [pytest.mark.local, pytest.mark.prefect]


def test_many_that_start_it_at_once_start_one(plane: Plane) -> None:
    port = int(plane.url.rpartition(":")[2].split("/")[0])
    assert ensure() == ControlPlane(port, "healthy", "healthy", program=program_digest())
    assert status() == ensure()
    assert len(started(plane, "api")) == 1
    assert len(started(plane, "runner")) == 1


def test_it_listens_on_loopback_only(plane: Plane) -> None:
    ours = set(processes_naming(str(plane.home)))
    addresses = {where for pid, sockets in listening().items() if pid in ours for where in sockets}
    assert addresses
    assert {address for address, _ in addresses} == {"0100007F"}


def test_it_tells_nobody_about_itself(plane: Plane) -> None:
    server = plane.get("/admin/settings")["server"]
    assert server["analytics_enabled"] is False
    assert server["ui"]["show_promotional_content"] is False


def test_every_flow_has_a_form(plane: Plane) -> None:
    by_name = {deployment["name"]: deployment for deployment in plane.post("/deployments/filter")}
    assert set(by_name) >= {"provision", "scale", "teardown", "reconcile", "autoscale"}
    for name, deployment in by_name.items():
        assert deployment["description"].strip(), name
        assert deployment["enforce_parameter_schema"], name
        fields = deployment["parameter_openapi_schema"]["properties"]
        for field, schema in fields.items():
            assert schema["description"].strip(), f"{name}.{field}"
            assert "type" in schema or "anyOf" in schema, f"{name}.{field}"
    scale = by_name["scale"]["parameter_openapi_schema"]
    assert {name: field["type"] for name, field in scale["properties"].items()} == {
        "stack": "string", "service": "string", "replicas": "integer", "reason": "string", "wait": "boolean",
        "decision_id": "string",
    }  # fmt: skip
    assert scale["required"] == ["stack", "service", "replicas"]


def test_a_wrong_parameter_is_refused_at_once(plane: Plane) -> None:
    deployment = plane.get("/deployments/name/scale/scale")["id"]
    wrong = {"parameters": {"stack": "shop", "service": "web", "replicas": "many"}}
    answer = httpx.post(
        f"{plane.url}/deployments/{deployment}/create_flow_run", json=wrong, timeout=60, auth=plane.login
    )
    assert answer.status_code == 409
    assert "'many' is not of type 'integer'" in answer.text


def test_runs_work_though_the_users_own_modules_have_our_names(plane: Plane) -> None:
    assert plane.run("provision", spec=shop(), source="/srv")["type"] == "COMPLETED"
    assert len(MemoryProvider(plane.home / "memory").observe("shop")) == 7
    refused = plane.run("provision", spec={**shop(), "servces": {}})
    assert (refused["type"], "services" in refused["message"]) == ("FAILED", True)


def started(plane: Plane, name: str) -> set[int]:
    """The processes of this name. What one of them forked, which has its command line, is no start."""
    words = [b"-m", b"deployments.server", name.encode()]
    ours = {
        pid
        for pid in processes_naming(str(plane.home))
        if Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:4] == words
    }
    return {pid for pid in ours if parent(pid) not in ours}
