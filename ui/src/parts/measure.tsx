import type { ReactNode } from 'react'
import './measure.css'
import type { Tone } from './status'

interface Props {
  /** of the longest in the list, 0 to 1 */
  share: number
  tone: Tone
  children: ReactNode
}

/** A value with a bar before it, so that a column can be compared by looking. */
export function Measure({ share, tone, children }: Props) {
  return (
    <span className={`measure tone-${tone}`}>
      <span className="measure-bar" style={{ width: `${Math.min(100, share * 100)}%` }} />
      {children}
    </span>
  )
}
