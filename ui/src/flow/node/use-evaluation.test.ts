/** Asked of a real server, which is slow for one of the expressions. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { evaluationQuery } from './use-evaluation'

let server: Server
let asked: string[]
let cancelled: string[]

beforeEach(async () => {
  asked = []
  cancelled = []
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => {
      body += piece.toString()
    })
    request.on('end', () => {
      const { text } = JSON.parse(body) as { text: string }
      asked.push(text)
      response.on('close', () => response.writableFinished || cancelled.push(text))
      // The slow one is never answered: that it is cut off is the only way out.
      if (text !== 'slow') response.end(JSON.stringify({ value: `of ${text}`, text: null, problem: null }))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const real = fetch
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => real(`http://127.0.0.1:${port}${url}`, init))
  vi.stubGlobal('sessionStorage', { getItem: () => null })
})

afterEach(() => {
  vi.unstubAllGlobals()
  server.closeAllConnections()
  server.close()
})

const query = (text: string) => evaluationQuery('users', text, { page: 1 }, 'sample')

it('is cancelled when another is asked for, and shows that one alone', async () => {
  const observer = new QueryObserver(new QueryClient(), query('first'))
  const seen: unknown[] = []
  const stop = observer.subscribe(({ data, isPlaceholderData }) => {
    if (data) seen.push(`${data.value}${isPlaceholderData ? ', old' : ''}`)
  })
  await vi.waitFor(() => expect(observer.getCurrentResult().data?.value).toBe('of first'))
  observer.setOptions(query('slow'))
  await vi.waitFor(() => expect(asked).toContain('slow'))
  observer.setOptions(query('last'))
  await vi.waitFor(() => expect(observer.getCurrentResult().data?.value).toBe('of last'))
  await vi.waitFor(() => expect(cancelled).toEqual(['slow']))
  stop()
  expect([...new Set(seen)]).toEqual(['of first', 'of first, old', 'of last'])
})

it('asks nothing for nothing', async () => {
  const observer = new QueryObserver(new QueryClient(), query(''))
  const stop = observer.subscribe(() => {})
  expect(observer.getCurrentResult().fetchStatus).toBe('idle')
  stop()
  expect(asked).toEqual([])
})
