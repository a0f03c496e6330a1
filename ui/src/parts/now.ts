import { useSyncExternalStore } from 'react'

/**
 * What time it is, by the server's clock, once a second for all who ask: one timer for the page.
 */
let offsetMs = 0
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

/** Tells the server's time, so that ages are right where the clock of this machine is not. */
export function setServerTime(at: string) {
  offsetMs = Date.parse(at) - Date.now()
}

const serverNow = () => Date.now() + offsetMs

function subscribe(listener: () => void) {
  if (listeners.size === 0) {
    now = serverNow()
    timer = setInterval(() => {
      now = serverNow()
      for (const each of listeners) each()
    }, 1000)
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) clearInterval(timer)
  }
}

export const useNow = () => useSyncExternalStore(subscribe, () => now)
