import { QueryClient } from '@tanstack/react-query'
import { afterEach, expect, it, vi } from 'vitest'
import { flowQuery, keys } from './queries'
import { flowOf, liveOf } from './samples'

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

it('keeps what events told of a flow while it was being read, which is newer', async () => {
  const tell = (client: QueryClient) => client.setQueryData(keys.live('users'), liveOf({ done: 200 }))
  expect(await read(tell)).toBe(200)
})
