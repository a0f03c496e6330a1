import type { Bulk } from '../api/types'
import { formatCount, plural } from './format'
import type { Tone } from './status'

/** What became of a request for many letters, in one sentence; what was refused stays until it is read. */
export function sayBulk({ accepted, refused }: Bulk, done: string): { text: string; tone: Tone } {
  const text = `${plural(accepted.length, 'dead letter')} ${done}`
  const [first] = refused
  return first
    ? { text: `${text}; ${formatCount(refused.length)} refused: ${first.reason}`, tone: 'bad' }
    : { text, tone: 'ok' }
}
