/** The live events of the server, as long as somebody looks. */
import { BASE, headers } from './client'
import { SseParser } from './sse'
import { refuseToken } from './token'
import type { LiveEvent } from './types'

export type Connection = 'connecting' | 'open' | 'lost' | 'resting'

const FIRST_DELAY_MS = 500
const MOST_DELAY_MS = 15_000
/** The server sends a comment each 15 s; twice that without a byte means that nobody is there. */
const SILENCE_MS = 35_000

/** Asks for the events after `lastId`, or from now on where it is empty. */
type Open = (lastId: string, signal: AbortSignal) => Promise<Response>

const openEvents: Open = (lastId, signal) => {
  const asked = { ...headers(), Accept: 'text/event-stream' }
  return fetch(`${BASE}/events`, {
    headers: lastId === '' ? asked : { ...asked, 'Last-Event-ID': lastId },
    signal,
    cache: 'no-store',
  })
}

export function backoffMs(attempt: number, random = Math.random()): number {
  const full = Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt)
  return full / 2 + (full / 2) * random
}

export class EventStream {
  private lastId = ''
  private attempt = 0
  private aborter: AbortController | null = null
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly onEvent: (event: LiveEvent) => void,
    private readonly onState: (state: Connection) => void,
    private readonly open: Open = openEvents,
  ) {}

  /** Begins, or begins again at once where it waits. */
  start() {
    this.stop('connecting')
    this.begin()
  }

  private begin() {
    const aborter = new AbortController()
    this.aborter = aborter
    void this.follow(aborter)
  }

  stop(state: Connection = 'resting') {
    clearTimeout(this.timer)
    this.aborter?.abort()
    this.aborter = null
    this.onState(state)
  }

  private async follow(aborter: AbortController) {
    let retryMs: number | null = null
    try {
      retryMs = await this.read(aborter)
    } catch {
      // Whatever cut the stream, the cure is the same: say so, and begin again.
    }
    aborter.abort() // else a stream that could not be understood keeps its connection
    if (this.aborter !== aborter) return
    this.onState('lost')
    const wait = Math.max(retryMs ?? 0, backoffMs(this.attempt++))
    this.timer = setTimeout(() => this.begin(), wait)
  }

  private async read(aborter: AbortController): Promise<number | null> {
    let watchdog = this.watch(aborter)
    try {
      const response = await this.open(this.lastId, aborter.signal)
      if (response.status === 401) {
        refuseToken()
        this.stop()
        return null
      }
      if (!response.ok || response.body === null) return null
      this.attempt = 0
      this.onState('open')
      // Nobody tells what happened before, and while the stream was cut that had told nothing yet.
      if (this.lastId === '') this.onEvent({ event: 'reset', data: {} })
      const parser = new SseParser(this.lastId)
      for await (const piece of pieces(response.body)) {
        clearTimeout(watchdog)
        watchdog = this.watch(aborter)
        for (const { event, data } of parser.feed(piece)) {
          this.onEvent({ event, data: JSON.parse(data) } as LiveEvent)
        }
        this.lastId = parser.lastId
      }
      return parser.retryMs
    } finally {
      clearTimeout(watchdog)
    }
  }

  private watch(aborter: AbortController) {
    return setTimeout(() => aborter.abort(), SILENCE_MS)
  }
}

async function* pieces(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield decoder.decode(value, { stream: true })
    }
  } finally {
    reader.releaseLock()
  }
}
