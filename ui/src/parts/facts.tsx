import type { Json } from '../api/types'
import './facts.css'

/** Small facts in one line: page 3 · batchNum 2. */
export function Facts({ facts }: { facts: { [name: string]: Json } }) {
  return (
    <span className="facts">
      {Object.entries(facts).map(([name, value]) => (
        <span key={name}>
          <span className="facts-name">{name}</span>{' '}
          {typeof value === 'string' ? value : JSON.stringify(value)}
        </span>
      ))}
    </span>
  )
}
