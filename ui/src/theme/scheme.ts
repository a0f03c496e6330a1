import { useSyncExternalStore } from 'react'

export type Scheme = 'system' | 'light' | 'dark'

const KEY = 'headrace.scheme'
const ORDER: Scheme[] = ['system', 'light', 'dark']
const listeners = new Set<() => void>()

function read(): Scheme {
  const kept = localStorage.getItem(KEY)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

/** Lays the kept scheme over the page; call it before the first paint. */
export function applyScheme() {
  const scheme = read()
  if (scheme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = scheme
}

export function nextScheme(scheme: Scheme): Scheme {
  return ORDER[(ORDER.indexOf(scheme) + 1) % ORDER.length] ?? 'system'
}

export function setScheme(scheme: Scheme) {
  localStorage.setItem(KEY, scheme)
  applyScheme()
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useScheme(): Scheme {
  return useSyncExternalStore(subscribe, read)
}
