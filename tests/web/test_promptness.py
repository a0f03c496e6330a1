"""Answers are sent at once, whatever event loop there is."""

import time

from web.served import served


async def test_no_answer_waits_for_an_acknowledgement_of_its_beginning(tmp_path):
    """Linux acknowledges after 40 ms; a server that waits for that has not set TCP_NODELAY."""
    async with served(tmp_path) as server:
        taken = []
        for _ in range(10):
            begun = time.perf_counter()
            assert (await server.ask("GET", "/live")).status == 200
            taken.append(time.perf_counter() - begun)
        assert min(taken) < 0.03, taken
