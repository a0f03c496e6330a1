/** Follows the events of the server, and keeps the caches of queries fresh by them. */
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { applyBatch } from './apply'
import { type Batch, Gatherer } from './batch'
import { keys } from './queries'
import { type Connection, EventStream } from './stream'
import type { Live } from './types'

/** Reading anew, which a burst of events must not make a burst of requests. */
const REREAD_MS = 1000
/** A tab that nobody looks at gives its connection back: a browser has six to a server. */
const REST_AFTER_MS = 60_000

const ConnectionContext = createContext<Connection>('connecting')
export const useConnection = () => useContext(ConnectionContext)

type Listener = (batch: Batch) => void
const ListenersContext = createContext<Set<Listener>>(new Set())

/** Calls `listener` with each batch of events, for what no cache holds. */
export function useBatches(listener: Listener) {
  const listeners = useContext(ListenersContext)
  useEffect(() => {
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }, [listeners, listener])
}

/** The counts of a flow now, as they came last; null until the first come. */
export const useLive = (flow: string): Live | null =>
  useQuery<Live | null>({ queryKey: keys.live(flow), queryFn: () => null, enabled: false }).data ?? null

class Rereader {
  private readonly waiting = new Map<string, readonly unknown[]>()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly client: QueryClient) {}

  add(stale: (readonly unknown[])[]) {
    for (const key of stale) this.waiting.set(JSON.stringify(key), key)
    if (this.waiting.size === 0) return
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      for (const key of this.waiting.values()) void this.client.invalidateQueries({ queryKey: key })
      this.waiting.clear()
    }, REREAD_MS)
  }
}

interface Props {
  onNotice: (text: string) => void
  children: ReactNode
}

export function LiveEvents({ onNotice, children }: Props) {
  const client = useQueryClient()
  const [connection, setConnection] = useState<Connection>('connecting')
  const [listeners] = useState(() => new Set<Listener>())
  useEffect(() => {
    const rereader = new Rereader(client)
    const gatherer = new Gatherer(batch => {
      rereader.add(applyBatch(client, batch))
      batch.notices.forEach(onNotice)
      for (const listener of listeners) listener(batch)
    })
    const stream = new EventStream(event => gatherer.add(event), setConnection)
    stream.start()
    const stopWatching = restWhileHidden(stream)
    return () => {
      stopWatching()
      stream.stop()
    }
  }, [client, onNotice, listeners])
  return (
    <ConnectionContext value={connection}>
      <ListenersContext value={listeners}>{children}</ListenersContext>
    </ConnectionContext>
  )
}

function restWhileHidden(stream: EventStream): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isResting = false
  const change = () => {
    clearTimeout(timer)
    if (document.visibilityState === 'hidden') {
      timer = setTimeout(() => {
        isResting = true
        stream.stop()
      }, REST_AFTER_MS)
    } else if (isResting) {
      isResting = false
      stream.start()
    }
  }
  const online = () => !isResting && stream.start()
  document.addEventListener('visibilitychange', change)
  window.addEventListener('online', online)
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', change)
    window.removeEventListener('online', online)
  }
}
