"""The sequential floor: one page after the other, a transaction for each."""

from floors.job import Job, main


async def sync(job: Job) -> None:
    page = 1
    while True:
        users, total = await job.fetch(page)
        await job.store(users, job.databases[0])
        if page * job.page_size >= total:
            return
        page += 1


if __name__ == "__main__":
    main(sync, in_flight=1)
