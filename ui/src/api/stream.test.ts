import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { backoffMs, type Connection, EventStream } from './stream'
import type { LiveEvent } from './types'

let server: Server
let stream: EventStream

afterEach(() => {
  stream.stop()
  server.closeAllConnections()
  server.close()
})

/** Follows a real server, whose answers are `answers` in turn, until `isDone`. */
async function follow(
  answers: ((response: ServerResponse) => void)[],
  isDone: (seen: LiveEvent[]) => boolean,
) {
  const lastIds: (string | undefined)[] = []
  server = createServer((request, response) => {
    lastIds.push(request.headers['last-event-id'] as string | undefined)
    answers.shift()?.(response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const events: LiveEvent[] = []
  const states: Connection[] = []
  await new Promise<void>(resolve => {
    stream = new EventStream(
      event => {
        events.push(event)
        if (isDone(events)) resolve()
      },
      state => states.push(state),
      (lastId, signal) =>
        fetch(`http://127.0.0.1:${port}`, { headers: lastId ? { 'Last-Event-ID': lastId } : {}, signal }),
    )
    stream.start()
  })
  return { events, states, lastIds }
}

it('begins again where it was cut, and says that it was lost', async () => {
  const { events, states, lastIds } = await follow(
    [
      response => {
        response.write('id: 7\nevent: notice\ndata: {"text":"a"}\n\nid: 8\nevent: notice\ndata: {"te')
        setImmediate(() => response.destroy())
      },
      response => response.writeHead(503).end(),
      response => response.write('id: 8\nevent: notice\ndata: {"text":"b"}\n\n'),
    ],
    seen => seen.length === 2,
  )
  expect(events).toEqual([
    { event: 'notice', data: { text: 'a' } },
    { event: 'notice', data: { text: 'b' } },
  ])
  expect(lastIds).toEqual([undefined, '7', '7'])
  expect(states).toEqual(['connecting', 'open', 'lost', 'lost', 'open'])
})

it('waits longer from one attempt to the next, up to a quarter of a minute', () => {
  expect([0, 1, 2, 10].map(attempt => backoffMs(attempt, 1))).toEqual([500, 1000, 2000, 15_000])
  expect(backoffMs(0, 0)).toBe(250)
})
