/** Single keys, which a person can turn off: whoever speaks to the computer would press them by speaking. */
import { useEffect, useRef, useSyncExternalStore } from 'react'

const KEY = 'headrace.keys'
export const PALETTE_KEY = navigator.platform.startsWith('Mac') ? '⌘ K' : 'Ctrl K'
const SEQUENCE_MS = 1200
const PLACES: { [key: string]: string } = { o: '/', r: '/runs', d: '/dead-letters' }
const listeners = new Set<() => void>()

const read = () => localStorage.getItem(KEY) !== 'off'

export function setKeys(isOn: boolean) {
  localStorage.setItem(KEY, isOn ? 'on' : 'off')
  for (const listener of listeners) listener()
}

export const useKeysOn = () =>
  useSyncExternalStore(listener => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, read)

interface Doing {
  navigate: (href: string) => void
  openPalette: () => void
  openHelp: () => void
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

export function useKeys(doing: Doing) {
  const latest = useRef(doing)
  useEffect(() => {
    latest.current = doing
  })
  useEffect(() => {
    let firstAt = 0
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        latest.current.openPalette()
        return
      }
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey
      if (!isPlain || !read() || isTyping(event.target) || document.querySelector('dialog[open]')) return
      const place = event.timeStamp - firstAt < SEQUENCE_MS ? PLACES[event.key] : undefined
      firstAt = event.key === 'g' ? event.timeStamp : 0
      if (place !== undefined) latest.current.navigate(place)
      else if (event.key === '?') latest.current.openHelp()
      else if (event.key === '/') focusSearch(event)
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
}

function focusSearch(event: KeyboardEvent) {
  const find = (selector: string) => document.querySelector<HTMLElement>(`main ${selector}`)
  const field = find('input[type="search"]') ?? find('search select')
  if (field === null) return
  event.preventDefault()
  field.focus()
}
