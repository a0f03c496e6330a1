import { QueryClient } from '@tanstack/react-query'
import { afterEach, expect, it, vi } from 'vitest'
import { flowQuery, keys, runQuery } from './queries'
import { detailOf, flowOf, liveOf } from './samples'

afterEach(() => vi.unstubAllGlobals())

/** Reads a flow that the server answers with 190 records done; `meanwhile` happens while it is on the way. */
async function read(meanwhile: (client: QueryClient) => void) {
  const client = new QueryClient()
  client.setQueryData(keys.live('users'), liveOf({ done: 180 }))
  vi.stubGlobal('sessionStorage', { getItem: () => 'a token' })
  vi.stubGlobal('fetch', async () => {
    meanwhile(client)
    return new Response(JSON.stringify({ ...flowOf({}), live: liveOf({ done: 190 }) }), {
      headers: { 'Content-Type': 'application/json' },
    })
  })
  return (await client.fetchQuery(flowQuery('users'))).live?.done
}

it('takes the counts of a flow as they were read', async () => {
  expect(await read(() => {})).toBe(190)
})

it('takes the counts of a flow as they were read where an event that comes meanwhile is older', async () => {
  const older = liveOf({ done: 185, elapsedSeconds: 9.9 })
  expect(await read(client => client.setQueryData(keys.live('users'), older))).toBe(190)
})

it('takes the counts of a run as they were read, or as events have told them since', async () => {
  const client = new QueryClient()
  vi.stubGlobal('sessionStorage', { getItem: () => 'a token' })
  vi.stubGlobal('fetch', async () => {
    return new Response(JSON.stringify(detailOf({ live: liveOf({ done: 190 }) })), {
      headers: { 'Content-Type': 'application/json' },
    })
  })
  const done = async () => (await client.fetchQuery({ ...runQuery('r0'), staleTime: 0 })).live?.done
  expect(await done()).toBe(190)
  client.setQueryData(keys.live('users'), liveOf({ done: 185, elapsedSeconds: 9.9 }))
  expect(await done()).toBe(190)
  client.setQueryData(keys.live('users'), liveOf({ done: 200, elapsedSeconds: 10.2 }))
  expect(await done()).toBe(200)
})

it('keeps what events told of a flow while it was being read, which is newer', async () => {
  const tell = (client: QueryClient) => client.setQueryData(keys.live('users'), liveOf({ done: 200 }))
  expect(await read(tell)).toBe(200)
})
