import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import { backoffMs, type Connection, EventStream } from './stream'
import type { LiveEvent } from './types'

let server: Server | undefined
let stream: EventStream

afterEach(() => {
  vi.useRealTimers()
  stream.stop()
  server?.closeAllConnections()
  server?.close()
})

/** Follows a real server, whose answers are `answers` in turn, until `isDone`. */
async function follow(
  answers: ((response: ServerResponse) => void)[],
  isDone: (seen: LiveEvent[]) => boolean,
) {
  const lastIds: (string | undefined)[] = []
  const made = createServer((request, response) => {
    lastIds.push(request.headers['last-event-id'] as string | undefined)
    answers.shift()?.(response)
  })
  server = made
  await new Promise<void>(resolve => made.listen(0, '127.0.0.1', resolve))
  const { port } = made.address() as AddressInfo
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
    seen => seen.length === 3,
  )
  expect(events).toEqual([
    { event: 'reset', data: {} },
    { event: 'notice', data: { text: 'a' } },
    { event: 'notice', data: { text: 'b' } },
  ])
  expect(lastIds).toEqual([undefined, '7', '7'])
  expect(states).toEqual(['connecting', 'open', 'lost', 'lost', 'open'])
})

it('has all read anew where nothing tells what was missed', async () => {
  const welcome = ': welcome\n\n'
  const { events, lastIds } = await follow(
    [response => response.end(welcome), response => response.write(welcome)],
    seen => seen.length === 2,
  )
  expect(events).toEqual(Array(2).fill({ event: 'reset', data: {} }))
  expect(lastIds).toEqual([undefined, undefined])
})

it('gives the connection back of what it cannot understand', async () => {
  let isClosed = false
  await follow(
    [
      response => {
        response.on('close', () => {
          isClosed = true
        })
        response.write('data: no JSON\n\n')
      },
      response => response.write('id: 8\nevent: notice\ndata: {"text":"b"}\n\n'),
    ],
    seen => seen.at(-1)?.event === 'notice',
  )
  await vi.waitFor(() => expect(isClosed).toBe(true))
})

it('asks again where nobody answers', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let asked = 0
  stream = new EventStream(
    () => {},
    () => {},
    (_, signal) => {
      asked += 1
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
  )
  stream.start()
  await vi.advanceTimersByTimeAsync(37_000)
  expect(asked).toBe(2)
})

it('waits longer from one attempt to the next, up to a quarter of a minute', () => {
  expect([0, 1, 2, 10].map(attempt => backoffMs(attempt, 1))).toEqual([500, 1000, 2000, 15_000])
  expect(backoffMs(0, 0)).toBe(250)
})
