"""A folder of flows: what is taken over of its files, and when."""

import asyncio
import os
from pathlib import Path

import pytest

from headrace.store.sqlite import SqliteStore
from support.flows import bench
from web.served import HEAD, SYNC, served

SLOW = """
  nodes:
    go: {component: common-module/signal}
    wait: {component: common-module/delay, settings: {duration: 0.3s}}
  edges:
    - go -> wait
"""


async def state(server, flow="sync"):
    found = await server.get(f"flows/{flow}")
    return found["state"], found["problem"]


async def test_yaml_files_below_the_folder_that_are_flows_are_executed(tmp_path):
    async with served(tmp_path, {}) as server:
        server.write("a")
        (server.folder / "deep" / "er").mkdir(parents=True)
        (server.folder / "deep" / "er" / "b.yml").write_text(HEAD.replace("NAME", "b") + SYNC)
        (server.folder / ".hidden").mkdir()
        (server.folder / ".hidden" / "c.yaml").write_text(HEAD.replace("NAME", "c") + SYNC)
        (server.folder / "other.yaml").write_text("kind: Service\n")
        (server.folder / "notes.txt").write_text(HEAD + SYNC)
        await server.site.folder.scan()
        flows = (await server.get("flows"))["flows"]
        assert [flow["name"] for flow in flows] == ["a", "b"]
        assert flows[1]["path"] == f"{server.folder}/deep/er/b.yml"


async def test_a_change_that_loads_is_taken_over_and_what_has_begun_ends_as_it_began(tmp_path):
    async with served(tmp_path, {"sync": SLOW}) as server:
        run = (await server.post("flows/sync/triggers/go/fire", {}))["run"]
        before = (await server.get("flows/sync"))["version"]
        server.write("sync", SLOW.replace("0.3s", "0.1s"))
        await server.site.folder.scan()
        after = (await server.get("flows/sync"))["version"]
        assert before != after
        ended = await server.site.engine.wait(run)
        assert (ended.version, ended.status.value) == (before, "succeeded")
        again = await server.fire()
        assert (await server.get(f"runs/{again}"))["version"] == after
        assert not (await server.get(f"runs/{run}"))["isCurrentVersion"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("common-module/signal", "common-module/nope"),
        lambda text: text[: len(text) // 2],
        lambda text: "apiVersion: headrace.dev/v1\n\t- nonsense",
        lambda text: text.replace("name: sync", "name: 'not a name'"),
    ],
)
async def test_a_change_that_does_not_load_leaves_the_version_before_and_is_told(tmp_path, change):
    async with served(tmp_path) as server:
        path = server.folder / "sync.yaml"
        text = path.read_text()
        path.write_text(change(text))
        await server.site.folder.scan()
        found = await server.get("flows/sync")
        assert found["state"] == "running"
        assert f"version {found['version']} goes on" in found["problem"]
        assert found["findings"]
        assert (await server.site.store.run(await server.fire({"num": 1}))).status.value == "succeeded"
        path.write_text(text)
        await server.site.folder.scan()
        assert await state(server) == ("running", None)


async def test_a_file_that_is_gone_fires_no_more_and_its_runs_end(tmp_path):
    async with served(tmp_path, {"sync": SLOW}) as server:
        run = (await server.post("flows/sync/triggers/go/fire", {}))["run"]
        (server.folder / "sync.yaml").unlink()
        await server.site.folder.scan()
        assert (await server.ask("GET", "flows/sync")).status == 404
        assert (await server.site.engine.wait(run)).status.value == "succeeded"
        server.write("sync", SLOW)
        await server.site.folder.scan()
        assert await state(server) == ("running", None)
        assert (await server.site.store.run(await server.fire())).status.value == "succeeded"


async def test_a_file_that_comes_back_while_its_runs_go_on_fires_again(tmp_path):
    async with served(tmp_path, {"sync": SLOW}) as server:
        run = (await server.post("flows/sync/triggers/go/fire", {}))["run"]
        text = (server.folder / "sync.yaml").read_text()
        (server.folder / "sync.yaml").unlink()
        await server.site.folder.scan()
        (server.folder / "sync.yaml").write_text(text)
        await server.site.folder.scan()
        again = await server.fire()
        for each in (run, again):
            assert (await server.site.engine.wait(each)).status.value == "succeeded"


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize("was_read", [True, False])
async def test_a_file_that_may_not_be_read_is_told_once_and_read_once_it_may_be(
    tmp_path, monkeypatch, caplog, was_read
):
    async with served(tmp_path, {"sync": SYNC} if was_read else {}) as server:
        path, read = server.write("sync", SYNC + "# changed\n"), Path.read_bytes

        def refuse(file):
            if file == path:
                raise PermissionError(13, "Permission denied")
            return read(file)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", refuse)
            patch.setattr("headrace.app.folder._AGAIN_S", 0.0)
            for _ in range(3):
                await server.site.folder.scan()
            found, problem = await state(server)
        assert (found, "permission denied" in problem) == ("running" if was_read else "invalid", True)
        assert ("goes on" in problem) == was_read
        assert len(warnings(caplog)) == 1
        await server.site.folder.scan()
        assert await state(server) == ("running", None)


async def test_flows_stay_where_their_folder_cannot_be_looked_into(tmp_path, monkeypatch, caplog):
    async with served(tmp_path) as server:
        deep, scandir = server.folder / "deep", os.scandir
        deep.mkdir()
        (deep / "b.yaml").write_text(HEAD.replace("NAME", "b") + SYNC)
        await server.site.folder.scan()

        def refuse(folder):
            if Path(folder) == deep:
                raise PermissionError(13, "Permission denied", str(folder))
            return scandir(folder)

        with monkeypatch.context() as patch:
            patch.setattr(os, "scandir", refuse)
            for _ in range(2):
                await server.site.folder.scan()
        assert await state(server, "b") == ("running", None)
        assert warnings(caplog) == [
            f"{deep} cannot be looked at (permission denied); what is known of it stays"
        ]
        (deep / "b.yaml").unlink()
        await server.site.folder.scan()
        assert (await server.ask("GET", "flows/b")).status == 404


async def test_files_that_are_no_flows_are_read_once_and_pipes_never(tmp_path, monkeypatch):
    reads, read = [], Path.read_bytes

    def count(file):
        reads.append(file)
        return read(file)

    monkeypatch.setattr(Path, "read_bytes", count)
    async with served(tmp_path, {}) as server:
        other = server.folder / "other.yaml"
        other.write_text("kind: Service\n")
        os.mkfifo(server.folder / "pipe.yaml")
        for _ in range(3):
            await server.site.folder.scan()
        assert reads == [other]
        other.write_text(HEAD.replace("NAME", "late") + SYNC)
        await server.site.folder.scan()
        assert await state(server, "late") == ("running", None)


async def test_a_flow_that_gets_another_name_is_another_flow(tmp_path):
    async with served(tmp_path) as server:
        (server.folder / "sync.yaml").write_text(HEAD.replace("NAME", "renamed") + SYNC)
        await server.site.folder.scan()
        assert [flow["name"] for flow in (await server.get("flows"))["flows"]] == ["renamed"]
        await server.fire({"num": 1}, flow="renamed")


async def test_of_two_files_with_one_name_the_first_is_executed_and_the_other_says_why_not(tmp_path):
    async with served(tmp_path) as server:
        copy = server.folder / "copy.yaml"
        copy.write_text((server.folder / "sync.yaml").read_text())
        await server.site.folder.scan()
        assert await state(server) == ("running", None)
        file = server.site.folder.files[copy]
        assert file.problem == f"its name is that of the flow of {server.folder}/sync.yaml, which is executed"


async def test_a_secret_that_is_missing_is_told_and_looked_for_again(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("headrace.app.folder._AGAIN_S", 0.0)
    spec = SYNC.replace("  vars:", "  secrets: [key]\n  vars:")
    async with served(tmp_path, {"sync": spec}) as server:
        caplog.clear()
        await server.site.folder.scan()
        assert warnings(caplog) == []  # it was told before
        found, problem = await state(server)
        assert (found, "HEADRACE_SECRET_KEY" in problem) == ("invalid", True)
        assert (await server.get("flows/sync"))["graph"] is not None
        monkeypatch.setenv("HEADRACE_SECRET_KEY", "hunter2-hunter2")
        await server.site.folder.scan()
        assert await state(server) == ("running", None)


async def test_what_is_wrong_is_logged_when_it_is_found_and_not_each_time_that_it_is_tried_again(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr("headrace.app.folder._AGAIN_S", 0.0)
    spec = SYNC.replace("  vars:", "  secrets: [key]\n  vars:")
    async with served(tmp_path, {"sync": spec, "bad": "{}"}) as server:
        for _ in range(3):
            await server.site.folder.scan()
        assert len([line for line in caplog.messages if "no value for secret `key`" in line]) == 1
        (bad,) = [line for line in caplog.messages if line.startswith("flow bad ")]
        assert bad.endswith(f"; `headrace validate {server.folder}/bad.yaml` shows more")
        server.write("bad", "{ }")
        await server.site.folder.scan()
        assert caplog.messages[-1] == bad


async def test_a_flow_that_another_process_executes_is_taken_over_once_that_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("headrace.app.folder._AGAIN_S", 0.0)
    url = f"sqlite:///{tmp_path}/store.db"
    async with served(tmp_path, {"test": SYNC}, store=url) as server:
        await server.site.engine.dismiss("test")
        server.site.folder.files.clear()
        async with bench(SLOW.replace("\n  ", "\n"), store=await SqliteStore.open(tmp_path / "store.db")):
            await server.site.folder.scan()
            found, problem = await state(server, "test")
            assert (found, "process" in problem) == ("elsewhere", True)
        await server.site.folder.scan()
        assert await state(server, "test") == ("running", None)


async def test_runs_that_were_left_unfinished_go_on_with_the_next_start(tmp_path):
    url = f"sqlite:///{tmp_path}/store.db"
    spec = SLOW.replace("0.3s", "20s")
    async with served(tmp_path, {"sync": spec}, store=url, grace_s=0.0) as server:
        run = (await server.post("flows/sync/triggers/go/fire", {}))["run"]
        async with asyncio.timeout(5):
            while "wait" not in {task["node"] for task in (await server.get(f"runs/{run}"))["openTasks"]}:
                await asyncio.sleep(0.01)
    async with served(tmp_path, {"sync": SLOW}, store=url, grace_s=0.0) as server:
        assert (await server.get(f"runs/{run}"))["status"] == "running"
        assert not (await server.get(f"runs/{run}"))["isCurrentVersion"]


async def test_changes_are_found_by_themselves(tmp_path):
    async with served(tmp_path) as server:
        server.write("other")
        async with asyncio.timeout(10):
            while len((await server.get("flows"))["flows"]) < 2:
                await asyncio.sleep(0.05)
