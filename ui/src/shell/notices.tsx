/** Short results of actions and notices of the server: shown for a while, and read aloud. */
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react'
import { Icon } from '../parts/icon'
import type { Tone } from '../parts/status'
import './notices.css'

const SHOWN_MS = 6000
const MOST = 4

interface Notice {
  key: number
  tone: Tone
  text: string
}

type Say = (text: string, tone?: Tone) => void

const SayContext = createContext<Say>(() => {})
export const useSay = () => useContext(SayContext)

export function Notices({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<Notice[]>([])
  const counter = useRef(0)
  const drop = useCallback((key: number) => setNotices(list => list.filter(each => each.key !== key)), [])
  const say = useCallback<Say>(
    (text, tone = 'idle') => {
      const key = ++counter.current
      // What is said again is said once, anew.
      setNotices(list => [...list.filter(each => each.text !== text).slice(1 - MOST), { key, tone, text }])
      // What went wrong stays until it is read.
      if (tone !== 'bad') setTimeout(() => drop(key), SHOWN_MS)
    },
    [drop],
  )
  return (
    <SayContext.Provider value={say}>
      {children}
      <div className="notices" role="status" aria-live="polite">
        {notices.map(({ key, tone, text }) => (
          <div key={key} className={`notice tone-${tone}`}>
            <span>{text}</span>
            <button type="button" className="notice-close" aria-label="Dismiss" onClick={() => drop(key)}>
              <Icon name="cross" />
            </button>
          </div>
        ))}
      </div>
    </SayContext.Provider>
  )
}
