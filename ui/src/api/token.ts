/**
 * The token of this tab. `headrace serve` prints a link with `#token=…`; it goes to sessionStorage and out
 * of the address bar, so that it is in no history and no copied link.
 */
import { useSyncExternalStore } from 'react'

const KEY = 'headrace.token'
const listeners = new Set<() => void>()
let isRefused = false

export function takeTokenFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token === null) return
  history.replaceState(history.state, '', location.pathname + location.search)
  setToken(token)
}

export function readToken(): string | null {
  return sessionStorage.getItem(KEY)
}

/** Takes the token away that the server does not accept, which brings the form back. */
export function refuseToken() {
  if (readToken() === null) return
  isRefused = true
  setToken(null)
}

/** Whether the last token was refused. */
export const wasRefused = () => isRefused

export function setToken(token: string | null) {
  if (token === null) sessionStorage.removeItem(KEY)
  else sessionStorage.setItem(KEY, token)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useToken(): string | null {
  return useSyncExternalStore(subscribe, readToken)
}
