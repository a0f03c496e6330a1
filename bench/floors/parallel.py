"""The parallel floor: several pages in flight, each with a database connection of its own."""

import asyncio

import asyncpg
from floors.job import Job, main


async def sync(job: Job) -> None:
    users, total = await job.fetch(1)
    await job.store(users, job.databases[0])
    pages = iter(range(2, -(-total // job.page_size) + 1))

    async def work(database: asyncpg.Connection) -> None:
        for page in pages:
            users, _ = await job.fetch(page)
            await job.store(users, database)

    async with asyncio.TaskGroup() as group:
        for database in job.databases:
            group.create_task(work(database))


if __name__ == "__main__":
    main(sync, in_flight=8)
