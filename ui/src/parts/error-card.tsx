import type { ReactNode } from 'react'
import type { Json } from '../api/types'
import './error-card.css'
import { Excerpt } from './excerpt'
import { Icon } from './icon'
import { Badge, type Tone } from './status'

interface Props {
  tone: Tone
  /** `HR201`; empty where there is none */
  code: string
  message: string
  /** where in the file: `users.yaml:22:26`; a link where the file can be shown */
  place: ReactNode
  excerpt: string
  /** facts of what it was done with: {page: 3} */
  context?: { [name: string]: Json }
  /** what else is known, before the message: badges, times */
  children?: ReactNode
}

/** What went wrong and where, as the command line shows it: the line of the file with carets. */
export function ErrorCard({ tone, code, message, place, excerpt, context, children }: Props) {
  return (
    <article className={`error-card tone-${tone}`}>
      <header>
        <Badge tone={tone} icon={tone === 'bad' ? 'cross' : 'warn'}>
          {code || 'error'}
        </Badge>
        <span className="error-place mono">{place}</span>
        {children}
      </header>
      <p className="error-message">{message}</p>
      <Excerpt text={excerpt} />
      {context && Object.keys(context).length > 0 && <Facts facts={context} />}
    </article>
  )
}

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

/** A place without an excerpt, in a line of a list. */
export function Place({ place }: { place: string }) {
  return (
    <span className="error-place mono nowrap">
      <Icon name="file" /> {place}
    </span>
  )
}
